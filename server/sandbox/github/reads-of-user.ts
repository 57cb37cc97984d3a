import type { Read } from './read'
import { grantedPermissions, type GithubSandboxOptions } from './options'
import { installation, membership, organizationSimple, person } from './shapes/accounts'
import { repositorySimple } from './shapes/repository'
import type { Reach } from './subject'
import { signedIn } from './world'

/** By the path below `/user`. A GitHub App's user sees installations, an OAuth App's what the person sees. */
export function readsOfUser(api: string, { kind, accounts }: Reach, { role = 'admin', ...options }: Pick<GithubSandboxOptions, 'role' | 'withoutPermissions'>): Readonly<Record<string, Read>> {
  const app = kind === 'app'
  const onlyFor = (right: boolean, message: string, answer: Read['answer']): Read['answer'] => right ? answer : () => ({ status: 403, message })
  const read = (answer: Read['answer'], scope: Read['scope'] = null): Read => ({ permission: 'metadata', scope, answer })
  const listed = accounts.map(account => [`/installations/${account.installationId}/repositories`, read(onlyFor(app, 'Must authenticate with a GitHub App.', () => ({
    list: account.repositories.map(repository => repositorySimple(api, account, repository)), under: 'repositories',
  })))] as const)
  // Of no member there is none.
  const memberships = role === null ? [] : accounts.filter(account => account.organization).map(account => [`/memberships/orgs/${account.login}`, {
    permission: 'members', scope: 'read:org', answer: () => ({ value: membership(api, account, signedIn, role) }),
  } satisfies Read] as const)
  return {
    '': read(() => ({ value: person(api, signedIn) })),
    '/installations': read(onlyFor(app, 'You must authenticate with an access token authorized to a GitHub App in order to list installations', () => ({
      list: accounts.map(account => installation(api, account, grantedPermissions(options))), under: 'installations',
    }))),
    ...Object.fromEntries([...listed, ...memberships]),
    '/orgs': read(onlyFor(!app, 'Resource not accessible by integration', () => ({ list: accounts.filter(account => account.organization).map(account => organizationSimple(api, account)) })), 'read:org'),
    '/repos': read(onlyFor(!app, 'Resource not accessible by integration', () => ({
      list: accounts.flatMap(account => account.repositories.map(repository => repositorySimple(api, account, repository))),
    })), 'repo'),
  }
}
