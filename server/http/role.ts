/** Connecting by a role, as a browser meets it: what is needed to make one, and the word that it is made. */
import { getCookie, parseCookies, type H3Event } from 'h3'
import { z } from 'zod'
import { viewSession } from '#server/accounts/organizations'
import type { Actor } from '#server/accounts/session'
import { byUser, noteAudit, type RequestInfo } from '#server/audit'
import { isRole, type RoleConnector } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { AppError } from '#server/errors'
import { ConnectRefused } from '#server/integrations/connect'
import { beginRole, connectRole, guideOf, guidePath } from '#server/integrations/connect-role'
import { openRoleFlow, roleFlowCookieName, roleFlowIdPattern, roleFlowSeconds, sealRoleFlow, type RoleFlow } from '#server/oauth/role-flow'
import { FlowError } from '#server/oauth/state'
import { callbackErrors } from '#shared/callback-errors'
import { roleBody } from '#shared/requests'
import { burnFlow, forgetOldFlows, keepFlow } from './flow-cookies'
import { countAttempt } from './rate-limit'
import { defineRoute } from './route'

/** Roles that are being made at once, in one browser. */
const AT_ONCE = 6

const params = z.strictObject({ provider: z.string() })
const query = z.strictObject({ flow: z.string().regex(roleFlowIdPattern, 'is not an id') })

/** @returns the page that says how to make the role @throws AppError not_configured, not_found */
export async function offerRole(event: H3Event, connector: RoleConnector, actor: Actor, integrationId: string | null): Promise<string> {
  const flow = under(event, connector, actor, integrationId) ?? await beginRole(connector, actor, integrationId)
  forgetOldFlows(event, 'role_', AT_ONCE, openRoleFlow)
  keepFlow(event, { name: roleFlowCookieName(flow.id), value: sealRoleFlow(flow) }, roleFlowSeconds)
  return guidePath(flow)
}

/** The same start once more, while its role is being made: it must not come to have another id. */
function under(event: H3Event, connector: RoleConnector, actor: Actor, integrationId: string | null): RoleFlow | undefined {
  const flows = Object.entries(parseCookies(event)).filter(([name]) => name.startsWith('role_')).flatMap(([, sealed]) => {
    try {
      return [openRoleFlow(sealed)]
    }
    catch (error) {
      if (error instanceof FlowError) return []
      throw error
    }
  })
  return flows.find(flow => flow.integrationId === integrationId && belongs(flow, connector, actor))
}

function belongs(flow: RoleFlow, connector: RoleConnector, who: Actor): boolean {
  return flow.provider === connector.id && flow.userId === who.userId && flow.organizationId === who.organizationId
}

/** How to make the role. */
export const roleGuideHandler = defineRoute({ access: 'admin', params, query }, async ({ event, who, params, query }) => {
  const { connector, flow } = readFlow(event, who, params.provider, query.flow)
  return {
    provider: connector.id,
    organization: (await viewSession(who)).organization,
    integration_id: flow.integrationId,
    ...await answering(() => guideOf(connector, flow)),
    expires_at: new Date(flow.createdAt + roleFlowSeconds * 1000).toISOString(),
  }
})

/** It is made: connected, or refused with what is wrong; the same start may be tried again until it is right. */
export const roleHandler = defineRoute({ access: 'admin', params, body: roleBody }, async ({ event, who, params, body, info }) => {
  await countAttempt('login', who.userId)
  const { connector, flow } = readFlow(event, who, params.provider, body.flow)
  const integrationId = await answering(() => connectRole(connector, who, flow, { roleArn: body.role_arn, regions: body.regions }, info),
    code => noteRefusal(connector, who, code, info))
  burnFlow(event, roleFlowCookieName(flow.id))
  return { integration_id: integrationId }
})

/** @throws AppError not_found (unknown, used, another person's, another organization's: all alike), connection_expired */
function readFlow(event: H3Event, who: Actor, provider: string, id: string): { connector: RoleConnector, flow: RoleFlow } {
  const connector = findConnector(provider)
  const sealed = getCookie(event, roleFlowCookieName(id))
  if (!connector || !isRole(connector) || sealed === undefined) throw new AppError('not_found')
  try {
    const flow = openRoleFlow(sealed)
    if (flow.id !== id || !belongs(flow, connector, who)) throw new AppError('not_found')
    return { connector, flow }
  }
  catch (error) {
    if (!(error instanceof FlowError)) throw error
    burnFlow(event, roleFlowCookieName(id))
    throw new AppError(error.reason === 'expired' ? 'connection_expired' : 'not_found', error.reason === 'expired' ? 'This start is older than an hour.' : undefined)
  }
}

async function answering<T>(work: () => Promise<T>, note: (code: string) => Promise<void> = async () => undefined): Promise<T> {
  try {
    return await work()
  }
  catch (error) {
    if (!(error instanceof ConnectRefused)) throw error
    await note(error.code)
    const { sentence, next } = callbackErrors[error.code]
    throw new AppError('connection_refused', `${sentence} ${next}`, { extra: { reason: error.code }, cause: error })
  }
}

function noteRefusal(connector: RoleConnector, who: Actor, code: string, from: RequestInfo): Promise<void> {
  return noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'integration.refused', detail: { integration_type: connector.id, code }, from })
}
