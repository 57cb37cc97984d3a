import type { SandboxAccount } from './account'

/** A member's own account, on a plan that protects public repositories only. */
export const meiTanaka: SandboxAccount = {
  id: 90_210_002,
  login: 'mei-tanaka',
  name: 'Mei Tanaka',
  type: 'User',
  installationId: 71_000_002,
  paid: false,
  repositories: [
    { id: 620_000_001, name: 'dotfiles', visibility: 'public', language: 'Shell', secretScanning: { pushProtection: true, open: [] }, dependabot: [] },
    { id: 620_000_002, name: 'notes', visibility: 'private', language: null },
  ],
}
