import { consentPage, refusalPage } from '../kit/page'
import type { AuthorizationRequest } from './authorization-request'
import { appPermissions, type GithubSandboxOptions } from './options'
import { accounts } from './world'

const provider = 'GitHub'

/** Where the person came in: to consent only, or past the page on which the app is installed. */
export type Start = 'authorize' | 'install'

interface Asking { action: string, consent: string, asked: AuthorizationRequest, start: Start, application: NonNullable<GithubSandboxOptions['application']> }

export function consentFor({ action, consent, asked, start, application }: Asking): string {
  const app = application === 'github_app'
  const scopes = asked.scope.split(' ').filter(Boolean)
  return consentPage({
    provider,
    action,
    account: app ? 'the accounts in which it is installed' : 'all that you may see',
    lists: [
      { heading: 'Repositories', items: accounts.flatMap(account => account.repositories.map(({ name }) => ({ text: `${account.login}/${name}` }))) },
      { heading: 'Permissions', items: app ? appPermissions.map(name => ({ text: 'Read', code: name })) : scopes.map(code => ({ text: 'Scope', code })) },
    ],
    returnsTo: new URL(asked.redirectUri).origin,
    hidden: {
      consent,
      state: asked.state,
      ...(asked.challenge !== null && {
        client_id: asked.clientId,
        redirect_uri: asked.redirectUri,
        scope: asked.scope,
        code_challenge: asked.challenge,
        code_challenge_method: 'S256',
      }),
    },
    ...(app && {
      choice: {
        name: 'installation',
        label: 'Installed in',
        options: [
          ...accounts.map(account => ({ value: String(account.installationId), text: account.name })),
          ...(start === 'authorize' ? [{ value: 'all', text: 'Both of them' }, { value: 'none', text: 'Neither of them' }] : []),
        ],
      },
    }),
  })
}

export function refusal(reason: string): string {
  return refusalPage(provider, reason)
}
