import type { Grants } from '../kit/grants'
import { bearerOf } from '../kit/http'
import type { JsonValue } from '../store'
import { empty, json, notAuthorized, refuse } from './http'
import { installationOf, type Installation } from './installation'
import { permits } from './permissions'
import { findRead } from './reads'
import type { Allowance } from './rate-limit'

export interface ApiContext {
  grants: Grants
  now: () => number
  /** By endpoint and account. */
  count: (key: string) => Allowance
  permissions: readonly string[]
  /** Installations that are switched off, with why. In memory: a restart switches them on. */
  disabled: ReadonlyMap<string, string>
  /** Entries on a page at most. */
  pageSize: number
}

/** Who asks comes before all else, then for which team: another than the token's is refused, and so is none. */
export function answerApi(request: Request, path: string, context: ApiContext): Response {
  const token = bearerOf(request)
  if (!token) return notAuthorized()
  const installation = installationOf(context.grants.find(token)?.subject ?? '')
  if (!installation) return refuse(403, 'forbidden', 'Not authorized', { invalidToken: true })
  const { searchParams } = new URL(request.url)
  if (searchParams.get('teamId') !== installation.account.teamId) return notAuthorized()

  const [, configuration] = /^\/v1\/integrations\/configuration\/([^/]*)$/.exec(path) ?? []
  if (configuration !== undefined) return answerConfiguration(request, token, configuration, installation, context)
  if (context.disabled.has(installation.id)) return refuse(403, 'integration_configuration_disabled', 'The integration configuration is disabled')
  const read = findRead(path, installation.account)
  if (!read) return refuse(404, 'not_found', 'The resource could not be found')
  if (request.method !== 'GET') return refuse(405, 'method_unknown', 'This endpoint only responds to GET', {}, { allow: 'GET' })
  if (!permits(context.permissions, read.permission)) return notAuthorized()
  const { headers, refused } = context.count(`${read.endpoint} ${installation.account.teamId ?? installation.account.userId}`)
  if (refused) return refused
  const body = read.answer({ parameters: searchParams, now: context.now(), pageSize: context.pageSize })
  return body instanceof Response ? body : json(body, 200, headers)
}

/** The token's own installation and no other; DELETE uninstalls it, and its token goes with it. */
function answerConfiguration(request: Request, token: string, id: string, { id: own, account }: Installation, { grants, now, permissions, count, disabled }: ApiContext): Response {
  if (id !== own) return refuse(404, 'not_found', 'Configuration not found')
  switch (request.method) {
    case 'DELETE':
      if (!permits(permissions, 'read-write:integration-configuration')) return notAuthorized()
      grants.revoke(token)
      return empty(204)
    case 'GET': {
      if (!permits(permissions, 'read:integration-configuration')) return notAuthorized()
      const { headers, refused } = count(`configuration ${account.teamId ?? account.userId}`)
      return refused ?? json(configurationShape(own, account, permissions, now(), disabled.get(own)), 200, headers)
    }
    default: return refuse(405, 'method_unknown', 'This endpoint only responds to GET, DELETE', {}, { allow: 'GET, DELETE' })
  }
}

function configurationShape(id: string, { teamId, userId }: Installation['account'], permissions: readonly string[], now: number, disabledReason: string | undefined): JsonValue {
  return {
    id,
    type: 'integration-configuration',
    integrationId: 'oac_sandbox',
    slug: 'allyship',
    ownerId: teamId ?? userId,
    ...teamId === null ? {} : { teamId },
    userId,
    projectSelection: 'all',
    scopes: [...permissions],
    ...disabledReason === undefined ? { status: 'ready' } : { status: 'suspended', disabledAt: now, disabledReason },
    source: 'external',
    createdAt: now,
    updatedAt: now,
  }
}
