import { installationOf } from '../installation'
import type { SandboxAccount } from './account'
import { brightwater } from './brightwater'
import { halyard } from './halyard'
import { channels, fixtures, idOf, people } from './make'

/** What the fictional person can install the app in. */
export const accounts: readonly SandboxAccount[] = [brightwater, halyard]

/** Whose grant it is, or null: an account that is no more. */
export function accountOf(subject: string): SandboxAccount | null {
  const { accountId } = installationOf(subject)
  return accounts.find(account => account.id === accountId) ?? null
}

/** With so many more small ones, if it is an organization: a large one has hundreds. */
export function withWorkspaces(account: SandboxAccount, more: number): SandboxAccount {
  const [like] = account.workspaces
  if (account.kind === 'workspace' || !like) return account
  const further = Array.from({ length: more }, (_, number) => ({
    ...like, id: idOf('T', `${account.id} ${number}`), name: `${account.name} ${number + 1}`, domain: `${account.domain}-${number + 1}`,
    people: [...fixtures, ...people(account.installer.handle, { role: 'owner' })], channels: channels('general'),
  }))
  return { ...account, workspaces: [...account.workspaces, ...further] }
}
