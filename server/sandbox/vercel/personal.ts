import type { SandboxAccount } from './account'

/** The same person's own account. */
export const personal: SandboxAccount = {
  teamId: null,
  userId: 'usr_5Lm1PqWs7ZxCv3BnRt9Kj4Hf',
  username: 'ines-okafor',
  name: 'ines-okafor',
  slug: 'ines-okafor',
  projects: [{
    id: 'prj_1pKfB6vXw8QzTd4HnMs3Yr',
    name: 'portfolio',
    ageInDays: 85,
    settings: () => ({ framework: 'astro', nodeVersion: '20.x', gitForkProtection: true, ssoProtection: { deploymentType: 'prod_deployment_urls_and_all_previews' }, passwordProtection: null }),
    domains: [{ name: 'ines.example', verified: true }],
    variables: [],
  }],
  settings: {},
  members: [],
  invitations: [],
}
