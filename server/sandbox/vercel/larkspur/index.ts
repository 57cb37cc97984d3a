import type { SandboxAccount } from '../account'
import { admin, docs, orders, spring } from './others'
import { storefront } from './storefront'

/** A fictional studio on Pro: cares for what it sells, and forgets the rest. */
export const larkspur: SandboxAccount = {
  teamId: 'team_3Rw9KfLbTz6XvQm1NhYc8GdJ',
  userId: 'usr_5Lm1PqWs7ZxCv3BnRt9Kj4Hf',
  username: 'ines-okafor',
  name: 'Larkspur Studio',
  slug: 'larkspur-studio',
  projects: [storefront, orders, docs, spring, admin],
  settings: {
    billing: { plan: 'pro' },
    sensitiveEnvironmentVariablePolicy: 'default',
    defaultDeploymentProtection: { ssoProtection: { deploymentType: 'prod_deployment_urls_and_all_previews' } },
  },
  members: [
    { username: 'ines-okafor', name: 'Ines Okafor', role: 'OWNER', confirmed: true, ageInDays: 700 },
    { username: 'tomas-lindqvist', name: 'Tomas Lindqvist', role: 'OWNER', confirmed: true, ageInDays: 640 },
    { username: 'mei-tanaka', name: 'Mei Tanaka', role: 'MEMBER', confirmed: true, ageInDays: 410 },
    { username: 'ravi-castellano', name: 'Ravi Castellano', role: 'DEVELOPER', confirmed: true, ageInDays: 205 },
    { username: 'noor-haddad', name: 'Noor Haddad', role: 'BILLING', confirmed: true, ageInDays: 90 },
  ],
  invitations: [{ email: 'former.agency@larkspur.example', role: 'DEVELOPER', ageInDays: 190 }],
}
