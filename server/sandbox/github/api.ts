/** The REST API: who asks, how often, for what. Paths that a token does not reach are not there. */
import { bearerOf } from '../kit/http'
import type { Grants } from '../kit/grants'
import { json, message } from './http'
import type { InstallationTokens } from './installation-token'
import { grantedPermissions, type GithubSandboxOptions } from './options'
import { pageOf } from './paging'
import type { Allowance } from './rate-limit'
import { holdsScope, type Outcome, type Read } from './read'
import { readsOfOrganization } from './reads-of-organization'
import { readsOfRepository } from './reads-of-repository'
import { readsOfUser } from './reads-of-user'
import { reachOf, type Reach } from './subject'
import { owns, signedIn } from './world'
import type { SandboxAccount } from './world/account'

export interface ApiContext {
  grants: Grants
  installationTokens: InstallationTokens
  count: (key: string) => Allowance
  accounts: readonly SandboxAccount[]
  options: Pick<GithubSandboxOptions, 'baseUrl' | 'withoutPermissions' | 'role'>
}

const versions = ['2022-11-28', '2026-03-10']

export function answerRead(request: Request, path: string, context: ApiContext): Response {
  if (!request.headers.get('user-agent')) return message(403, 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.')
  const token = bearerOf(request)
  const asker = token ? whoAsks(token, context) : null
  if (!asker) return message(401, token ? 'Bad credentials' : 'Requires authentication')
  const version = request.headers.get('x-github-api-version')
  if (version !== null && !versions.includes(version)) return message(400, `The API version ${version} is not supported`)
  const { allowed, headers } = context.count(asker.id)
  if (!allowed) return message(403, `API rate limit exceeded for ${asker.installation ? 'installation' : 'user'} ID ${asker.id}.`, headers)

  const reach = reachOf(asker.subject, context.accounts)
  if (asker.installation && path.startsWith('/user')) return message(403, 'Resource not accessible by integration', headers)
  const found = request.method === 'GET' ? find(path, reach, context.options) : undefined
  if (!found) return message(404, 'Not Found', headers)
  const { read, account } = found
  const refused = reach.kind === 'app' ? withoutPermission(read, asker.permissions, headers) : holdsScope(reach.scopes, read.scope) ? null : message(404, 'Not Found', headers)
  if (refused) return refused
  const others = !asker.installation && account && !owns(account, context.options.role) ? read.forOthers : undefined
  return answer(others ?? read.answer(new URL(request.url).searchParams), new URL(request.url), headers)
}

interface Asker { id: string, subject: string, installation: boolean, permissions: readonly string[] }

/** A person through an app, or an installation for itself: each has limits of its own. */
function whoAsks(token: string, { grants, installationTokens, options }: ApiContext): Asker | null {
  const installed = installationTokens.find(token)
  if (installed) return { id: `installation:${installed.installationId}`, subject: `app:${installed.installationId}`, installation: true, permissions: installed.permissions }
  const grant = grants.find(token)
  return grant && { id: String(signedIn.id), subject: grant.subject, installation: false, permissions: grantedPermissions(options) }
}

function withoutPermission({ permission }: Read, permissions: readonly string[], headers: Record<string, string>): Response | null {
  return permissions.includes(permission) ? null : message(403, 'Resource not accessible by integration', { ...headers, 'x-accepted-github-permissions': `${permission}=read` })
}

function answer(outcome: Outcome, url: URL, headers: Record<string, string>): Response {
  if ('status' in outcome) return message(outcome.status, outcome.message, headers)
  if ('value' in outcome) return json(outcome.value, 200, headers)
  const page = pageOf(url, outcome.list)
  return json(outcome.under ? { total_count: outcome.list.length, [outcome.under]: page.items } : page.items, 200, { ...headers, ...page.headers })
}

/** And whose it is, where it is an account's. */
function find(path: string, reach: Reach, { baseUrl: api, ...options }: ApiContext['options']): { read: Read, account?: SandboxAccount } | undefined {
  const [, room, first = '', second = ''] = path.split('/')
  const account = reach.accounts.find(one => encodeURIComponent(one.login) === first)
  switch (room) {
    case 'user': return own(readsOfUser(api, reach, options), path.slice('/user'.length))
    case 'orgs': return account && own(readsOfOrganization(api, account), path.slice(`/orgs/${first}`.length), account)
    case 'repos': {
      const repository = account?.repositories.find(one => encodeURIComponent(one.name) === second)
      return account && repository && own(readsOfRepository(api, account, repository), path.slice(`/repos/${first}/${second}`.length), account)
    }
  }
}

/** A path is outside input: `constructor` must not find what an object inherits. */
function own(reads: Readonly<Record<string, Read>>, suffix: string, account?: SandboxAccount): { read: Read, account?: SandboxAccount } | undefined {
  const read = Object.hasOwn(reads, suffix) ? reads[suffix] : undefined
  return read && { read, account }
}
