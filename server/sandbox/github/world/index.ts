import type { SandboxAccount } from './account'
import { brightwater } from './brightwater'
import { meiTanaka } from './personal'

export const accounts: readonly SandboxAccount[] = [brightwater, meiTanaka]
/** Who signs in. */
export const signedIn: SandboxAccount = meiTanaka

/** `GET /user/installations` in the stand-in's order, with this many more repositories in each. */
export function accountsWith(more: number): readonly SandboxAccount[] {
  return accounts.map((account, index) => ({
    ...account,
    repositories: [...account.repositories, ...Array.from({ length: more }, (_, number) => ({
      id: 700_000_000 + index * 1_000_000 + number, name: `service-${number + 1}`, visibility: 'private' as const, language: 'TypeScript',
    }))],
  }))
}

/** Whether who signs in owns it. @param role in the organization */
export function owns(account: SandboxAccount, role: 'admin' | 'member' | null = 'admin'): boolean {
  return account.organization ? role === 'admin' : account.id === signedIn.id
}
