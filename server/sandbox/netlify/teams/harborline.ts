import { hook, member } from './shapes'
import type { SandboxTeam } from './team'

/** A small team on the free plan, of which the person is a member without much say: some answers are hidden. */
export const harborline: SandboxTeam = {
  id: '6501a9b8c7d6e5f4a3b2c1d0',
  slug: 'harborline-studio',
  name: 'Harborline Studio',
  plan: 'Free',
  settings: { role: 'Developer', enforce_mfa: 'enforced' },
  members: [
    member('Oskar Nyberg', 'Owner', { mfa: true, activeDaysAgo: 2 }),
    member('Ines Okafor', 'Developer', { mfa: true, activeDaysAgo: 12 }),
  ],
  shared: { refused: [403, 'Shared environment variables are not available on your plan'] },
  audit: () => ({ refused: [403, 'Access Denied'] }),
  sites: [
    {
      id: 'd2e4f6a8-9b0c-4d1e-8f3a-5b6c7d8e9f0a',
      name: 'harborline-landing',
      ageInDays: 75,
      settings: { has_password: true, password_context: 'all' },
      hooks: [hook('deploy_created', { email: 'team@harborline.example' }, 'email')],
      variables: [],
    },
    {
      id: 'e5f7a9b1-2c3d-4e5f-8a6b-7c8d9e0f1a2b',
      name: 'harborline-2023',
      ageInDays: 1100,
      settings: { disabled: true },
      hooks: [],
      variables: [],
    },
  ],
}
