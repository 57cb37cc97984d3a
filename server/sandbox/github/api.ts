/** The REST API: who asks, how often, for what. Paths that a token does not reach are not there. */
import { bearerOf } from '../kit/http'
import type { Grants } from '../kit/grants'
import { json, message } from './http'
import type { InstallationTokens } from './installation-token'
import { appPermissions, type GithubSandboxOptions } from './options'
import { pageOf } from './paging'
import type { Allowance } from './rate-limit'
import { holdsScope, type Read } from './read'
import { readsOfOrganization } from './reads-of-organization'
import { readsOfRepository } from './reads-of-repository'
import { readsOfUser } from './reads-of-user'
import { reachOf, type Reach } from './subject'
import { signedIn } from './world'
import type { SandboxAccount } from './world/account'

export interface ApiContext {
  grants: Grants
  installationTokens: InstallationTokens
  count: (key: string) => Allowance
  accounts: readonly SandboxAccount[]
  options: Pick<GithubSandboxOptions, 'baseUrl' | 'withoutPermissions'>
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
  const read = request.method === 'GET' ? find(path, reach, context.options.baseUrl) : undefined
  if (!read) return message(404, 'Not Found', headers)
  const refused = reach.kind === 'app' ? withoutPermission(read, context, headers) : holdsScope(reach.scopes, read.scope) ? null : message(404, 'Not Found', headers)
  return refused ?? answer(read, new URL(request.url), headers)
}

/** A person through an app, or an installation for itself: each has limits of its own. */
function whoAsks(token: string, { grants, installationTokens }: ApiContext): { id: string, subject: string, installation: boolean } | null {
  const installationId = installationTokens.find(token)
  if (installationId !== null) return { id: `installation:${installationId}`, subject: `app:${installationId}`, installation: true }
  const grant = grants.find(token)
  return grant && { id: String(signedIn.id), subject: grant.subject, installation: false }
}

function withoutPermission({ permission }: Read, { options }: ApiContext, headers: Record<string, string>): Response | null {
  const set = appPermissions.includes(permission) && !options.withoutPermissions?.includes(permission)
  return set ? null : message(403, 'Resource not accessible by integration', { ...headers, 'x-accepted-github-permissions': `${permission}=read` })
}

function answer(read: Read, url: URL, headers: Record<string, string>): Response {
  const outcome = read.answer(url.searchParams)
  if ('status' in outcome) return message(outcome.status, outcome.message, headers)
  if ('value' in outcome) return json(outcome.value, 200, headers)
  const page = pageOf(url, outcome.list)
  return json(outcome.under ? { total_count: outcome.list.length, [outcome.under]: page.items } : page.items, 200, { ...headers, ...page.headers })
}

function find(path: string, reach: Reach, api: string): Read | undefined {
  const [, room, first = '', second = ''] = path.split('/')
  const account = reach.accounts.find(one => encodeURIComponent(one.login) === first)
  switch (room) {
    case 'user': return own(readsOfUser(api, reach), path.slice('/user'.length))
    case 'orgs': return account && own(readsOfOrganization(api, account), path.slice(`/orgs/${first}`.length))
    case 'repos': {
      const repository = account?.repositories.find(one => encodeURIComponent(one.name) === second)
      return account && repository && own(readsOfRepository(api, account, repository), path.slice(`/repos/${first}/${second}`.length))
    }
  }
}

/** A path is outside input: `constructor` must not find what an object inherits. */
function own(reads: Readonly<Record<string, Read>>, suffix: string): Read | undefined {
  return Object.hasOwn(reads, suffix) ? reads[suffix] : undefined
}
