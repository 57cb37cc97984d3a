import { installationOf } from '../installation'
import type { SandboxAccount } from './account'
import { brightwater } from './brightwater'
import { halyard } from './halyard'

/** What the fictional person can install the app in. */
export const accounts: readonly SandboxAccount[] = [brightwater, halyard]

/** Whose grant it is, or null: an account that is no more. */
export function accountOf(subject: string): SandboxAccount | null {
  const { accountId } = installationOf(subject)
  return accounts.find(account => account.id === accountId) ?? null
}
