import type { SandboxAccount } from './account'

/** Nobody's: made for a trial and left as it was, below an organization that forbids a service. */
export const playground: SandboxAccount = {
  id: '210987654321',
  title: 'Brightwater playground',
  alias: null,
  summary: { Users: 0, AccountMFAEnabled: 0, AccountAccessKeysPresent: 1, AccountPasswordPresent: 1, AccountSigningCertificatesPresent: 0 },
  passwordPolicy: null,
  users: [],
  publicAccessBlock: null,
  trails: [],
  regions: {},
  denied: ['guardduty:ListDetectors', 'guardduty:GetDetector'],
}
