import { docs, shop, www } from './brightwater-sites'
import { auditEntry, invitation, member, variable } from './shapes'
import type { SandboxTeam } from './team'

/** A team on a paid plan. Open: nobody enforces a second factor, one member left months ago, an invitation was forgotten. */
export const brightwater: SandboxTeam = {
  id: '64b1f0c2d3e4f5a607182930',
  slug: 'brightwater-labs',
  name: 'Brightwater Labs',
  plan: 'Pro',
  settings: { role: 'Owner', enforce_mfa: 'not_enforced' },
  members: [
    member('Ines Okafor', 'Owner', { mfa: true, activeDaysAgo: 0 }),
    member('Tomas Lindqvist', 'Owner', { mfa: true, activeDaysAgo: 3 }),
    member('Mei Tanaka', 'Developer', { mfa: false, activeDaysAgo: 1 }),
    member('Ravi Castellano', 'Developer', { mfa: true, activeDaysAgo: 143 }),
    member('Jo Brandt', 'Git Contributor', { mfa: false, activeDaysAgo: 200 }),
    invitation('Sam Whitlock', 52),
  ],
  shared: { body: [variable('NPM_TOKEN', true), variable('SENTRY_DSN', true), variable('LOG_LEVEL', false)] },
  audit: now => ({ list: [auditEntry(now, 5, 'env_var_updated'), auditEntry(now, 30, 'member_invited'), auditEntry(now, 90, 'site_settings_changed')] }),
  sites: [www, docs, shop],
}
