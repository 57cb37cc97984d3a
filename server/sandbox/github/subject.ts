/**
 * What a grant reaches, kept with it as text: for a GitHub App the installations that the person sees (`app:71000001,71000002`,
 * or `app:all`), for an OAuth App the scopes (`oauth:admin:org,repo`).
 */
import type { SandboxAccount } from './world/account'

export type Reach = { kind: 'app', accounts: readonly SandboxAccount[] } | { kind: 'oauth', accounts: readonly SandboxAccount[], scopes: readonly string[] }

export function reachOf(subject: string, accounts: readonly SandboxAccount[]): Reach {
  const [kind = '', ...rest] = subject.split(':')
  const what = rest.join(':')
  if (kind === 'oauth') return { kind: 'oauth', accounts, scopes: what.split(',') }
  return { kind: 'app', accounts: accounts.filter(account => what === 'all' || what.split(',').includes(String(account.installationId))) }
}

/** What is left of a grant's reach when the app is uninstalled somewhere. */
export function withoutInstallation(subject: string, installationId: number, accounts: readonly SandboxAccount[]): string {
  const reach = reachOf(subject, accounts)
  if (reach.kind === 'oauth') return subject
  return `app:${reach.accounts.map(account => account.installationId).filter(id => id !== installationId).join(',')}`
}

/** As GitHub does it: a scope that another one includes is dropped, and the rest is told with commas. */
export function normalized(scope: string): string {
  const asked = new Set(scope.split(/[\s,]+/).filter(Boolean))
  if (asked.has('admin:org')) for (const included of ['write:org', 'read:org']) asked.delete(included)
  return [...asked].sort().join(',')
}
