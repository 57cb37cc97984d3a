/** One consent is one installation: of an account, under an id that no other has. */
import { randomBytes } from 'node:crypto'
import type { SandboxAccount } from './account'
import { larkspur } from './larkspur'
import { personal } from './personal'

export const accounts: readonly SandboxAccount[] = [larkspur, personal]

export interface Installation { id: string, account: SandboxAccount }

/** What consent pages and grants know an account by. */
export function ownerOf(account: SandboxAccount): string {
  return account.teamId ?? account.userId
}

export function install(owner: string): Installation | undefined {
  const account = accounts.find(candidate => ownerOf(candidate) === owner)
  return account && { id: `icfg_${randomBytes(18).toString('hex').slice(0, 24)}`, account }
}

/** As a grant's subject, and back. */
export function subjectOf({ id, account }: Installation): string {
  return `${ownerOf(account)} ${id}`
}

export function installationOf(subject: string): Installation | undefined {
  const [owner, id] = subject.split(' ')
  const account = accounts.find(candidate => ownerOf(candidate) === owner)
  return account && id ? { id, account } : undefined
}
