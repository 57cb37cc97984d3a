/**
 * The two ends of connecting, as a browser meets them: `login` sends it to the provider, `callback` takes it back. Every
 * refusal on the way back lands on `/integrations?error=<code>`, another account than the one to be reconnected on
 * `/integrations/confirm/<id>`, and what nobody here had started on `/integrations/install` (install.ts).
 */
import { defineEventHandler, getQuery, getRequestHeader, getRouterParam, parseCookies, sendRedirect, setResponseHeader, type H3Event } from 'h3'
import { z } from 'zod'
import { homeOrganization } from '#server/accounts/organizations'
import { readSession, requireRole, requireSession } from '#server/accounts/session'
import { byUser, noteAudit } from '#server/audit'
import { isOAuth, isRole, type Connector } from '#server/connectors/contract'
import { allConnectors, findConnector } from '#server/connectors/registry'
import { AppError } from '#server/errors'
import { askForConsent, askForInstallation, beginConnection } from '#server/integrations/begin-connection'
import { ConnectRefused, finishConnection } from '#server/integrations/connect'
import { readCallback } from '#server/oauth/callback'
import { FlowError, flowCookieName, openFlow, stateMatches, type Flow } from '#server/oauth/state'
import { log } from '#server/utils/log'
import { callbackErrors, type CallbackErrorCode } from '#shared/callback-errors'
import { burnFlow, forgetOldFlows, keepFlow } from './flow-cookies'
import { offerInstallation } from './install'
import { countAttempt } from './rate-limit'
import { requestInfo } from './request-info'
import { offerRole } from './role'
import { noteDenied, sendProblem } from './route'

/** Starts that were never finished. */
const FLOWS_AT_ONCE = 8

const loginQuery = z.strictObject({ integration_id: z.uuid().optional() })

/** The connector of the path; the paths without one stand for the registry's first. */
function connectorOf(event: H3Event): Connector {
  const id = getRouterParam(event, 'provider')
  const connector = id === undefined ? allConnectors()[0] : findConnector(id)
  if (!connector) throw new AppError('not_found', 'There is no such provider.')
  return connector
}

export const loginHandler = defineEventHandler(async (event) => {
  try {
    const connector = connectorOf(event)
    const actor = await requireRole(event, await requireSession(event), 'admin')
    await countAttempt('login', actor.userId)
    const { integration_id: integrationId = null } = loginQuery.parse(getQuery(event))
    setResponseHeader(event, 'cache-control', 'no-store')
    if (isRole(connector)) return await sendRedirect(event, await offerRole(event, connector, actor, integrationId), 302)
    const { url, cookie } = await beginConnection(connector, actor, integrationId)
    forgetOldFlows(event, 'connect_', FLOWS_AT_ONCE, openFlow)
    keepFlow(event, cookie)
    await sendRedirect(event, url.href, 302)
  }
  catch (error) {
    await noteDenied(event, error, requestInfo(event))
    // A person clicked a link: a page with a sentence serves better than JSON.
    const wantsPage = getRequestHeader(event, 'accept')?.includes('text/html')
    if (!wantsPage || !(error instanceof AppError)) return sendProblem(event, error)
    if (error.code === 'unauthorized') return sendRedirect(event, `/sign-in?returnTo=${encodeURIComponent('/integrations')}`, 302)
    // The integration to reconnect: nothing else here is looked for by an id.
    await sendRedirect(event, `/integrations?error=${error.code === 'not_found' ? 'account_mismatch' : error.code}`, 302)
  }
})

export const callbackHandler = defineEventHandler(async (event) => {
  let connector: Connector
  try {
    connector = connectorOf(event)
    if (!isOAuth(connector)) throw new AppError('not_found', 'This provider sends nobody back.')
  }
  catch (error) {
    return sendProblem(event, error)
  }
  const info = requestInfo(event)
  setResponseHeader(event, 'cache-control', 'no-store')
  try {
    await sendRedirect(event, await complete(event, connector), 302)
  }
  catch (error) {
    const code = refusalOf(error)
    if (code === 'internal') log.error('connecting failed', { provider: connector.id, error })
    const session = event.context.session
    if (session) await noteAudit({ organizationId: await homeOrganization(session), actor: byUser(session), action: 'integration.refused', detail: { integration_type: connector.id, code }, from: info })
    await sendRedirect(event, `/integrations?error=${code}`, 302)
  }
})

/** @returns where the browser goes */
async function complete(event: H3Event, connector: Connector): Promise<string> {
  const answer = readCallback(connector, getQuery(event))
  if (answer.outcome === 'unasked') return offerInstallation(event, connector, answer)
  const sealed = answer.state === null ? undefined : burnFlow(event, flowCookieName(answer.state))
  const session = await readSession(event)
  if (!session) throw new ConnectRefused('session_required')
  const actor = await requireRole(event, session, 'admin')
  if (answer.state === null) throw new ConnectRefused(answer.outcome === 'failed' ? answer.error : 'flow_missing')
  const flow = sealed === undefined ? missing(event) : openFlow(sealed)
  if (!belongs(flow, answer.state, connector, actor)) throw new ConnectRefused('state_mismatch')
  if (answer.outcome === 'failed') throw new ConnectRefused(answer.error)
  if (flow.awaits === 'installation') {
    const { url, cookie } = await askForConsent(connector, actor, flow, answer.facts)
    keepFlow(event, cookie)
    return url.href
  }
  if (answer.outcome === 'installed') throw new ConnectRefused('code_missing')
  try {
    const { integrationId, pendingId } = await finishConnection(connector, actor, flow, answer.code, requestInfo(event), answer.facts)
    return pendingId === undefined ? `/integrations/${integrationId}` : `/integrations/confirm/${pendingId}`
  }
  catch (error) {
    const next = error instanceof ConnectRefused && notInstalled.includes(error.code) ? askForInstallation(connector, actor, flow) : null
    if (!next) throw error
    keepFlow(event, next.cookie)
    return next.url.href
  }
}

/** The account that was meant is not among those in which the person sees the app. */
const notInstalled: readonly CallbackErrorCode[] = ['account_missing', 'account_not_found', 'account_ambiguous']

function missing(event: H3Event): never {
  const others = Object.keys(parseCookies(event)).some(name => name.startsWith('connect_'))
  throw new ConnectRefused(others ? 'state_mismatch' : 'flow_missing')
}

function belongs(flow: Flow, state: string, connector: Connector, actor: { userId: string, organizationId: string }): boolean {
  return stateMatches(flow.state, state) && flow.provider === connector.id
    && flow.userId === actor.userId && flow.organizationId === actor.organizationId
}

function refusalOf(error: unknown): CallbackErrorCode {
  if (error instanceof ConnectRefused) return error.code
  if (error instanceof FlowError) return error.reason === 'expired' ? 'flow_expired' : 'state_mismatch'
  // The browser names an organization that the person lost on the way.
  if (error instanceof AppError && error.code === 'not_found') return 'state_mismatch'
  // Put out of the organization on the way, and in no other.
  if (error instanceof AppError && error.code === 'no_organization') return 'forbidden'
  if (error instanceof AppError && Object.hasOwn(callbackErrors, error.code)) return error.code as CallbackErrorCode
  return 'internal'
}
