import { consentPage, refusalPage } from '../kit/page'
import type { AuthorizationRequest } from './authorization-request'
import type { SandboxAccount } from './accounts/account'
import { permissions } from './permissions'

const provider = 'Slack'
const items = (scopes: readonly string[]) => scopes.map(scope => ({ text: permissions[scope] ?? scope, code: scope }))

/** @param offered at least one */
export function consentFor({ action, consent, asked, offered }: { action: string, consent: string, asked: AuthorizationRequest, offered: readonly SandboxAccount[] }): string {
  const { botScopes, userScopes, clientId, redirectUri, state, team } = asked
  return consentPage({
    provider,
    action,
    account: offered.length === 1 ? describe(offered[0]) : 'a workspace or an organization',
    lists: [
      ...botScopes.length > 0 ? [{ heading: 'What the app may do', items: items(botScopes) }] : [],
      ...userScopes.length > 0 ? [{ heading: 'What it may do in your name', items: items(userScopes) }] : [],
    ],
    returnsTo: new URL(redirectUri).origin,
    hidden: { consent, client_id: clientId, redirect_uri: redirectUri, state, scope: botScopes.join(','), user_scope: userScopes.join(','), team: team ?? '' },
    choice: { name: 'account', label: 'Where the app is installed', options: offered.map(account => ({ value: account.id, text: describe(account) })) },
  })
}

function describe(account: SandboxAccount | undefined): string {
  if (!account) return 'nowhere'
  return account.kind === 'workspace' ? `the workspace ${account.name}` : `the organization ${account.name} (${account.workspaces.map(one => one.name).join(', ')})`
}

export function refusal(reason: string): string {
  return refusalPage(provider, reason)
}
