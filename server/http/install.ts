/**
 * Connections that people start at the provider: its callback brings a code that nobody here asked for. Anybody can send
 * somebody to that address with a code of their own, so it stores nothing; what it brings waits, sealed, in the browser,
 * until an owner or admin has seen for which organization it is, and says yes.
 */
import { getCookie, type H3Event } from 'h3'
import { z } from 'zod'
import { viewSession } from '#server/accounts/organizations'
import { readSession, requireRole, type Actor } from '#server/accounts/session'
import { byUser, noteAudit, type RequestInfo } from '#server/audit'
import type { Connector } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { AppError } from '#server/errors'
import { clientToConnect } from '#server/integrations/client'
import { ConnectRefused } from '#server/integrations/connect'
import { declineInstallation, finishInstallation } from '#server/integrations/install'
import type { CallbackOutcome } from '#server/oauth/callback'
import { installationCookieName, installationIdPattern, newInstallationId, openInstallation, sealInstallation, startsElsewhere, type Installation } from '#server/oauth/installation'
import { FlowError, flowLifetimeSeconds } from '#server/oauth/state'
import { log } from '#server/utils/log'
import { callbackErrors } from '#shared/callback-errors'
import { installBody } from '#shared/requests'
import { burnFlow, forgetOldFlows, keepFlow } from './flow-cookies'
import { countAttempt } from './rate-limit'
import { defineRoute } from './route'

/** Each may take most of what a cookie can. */
const AT_ONCE = 2

const params = z.strictObject({ provider: z.string() })
const query = z.strictObject({ flow: z.string().regex(installationIdPattern, 'is not an id') })

/**
 * Keeps what an unasked callback brought. Without a session it waits for whoever signs in.
 * @returns where the browser goes @throws ConnectRefused, AppError forbidden
 */
export async function offerInstallation(event: H3Event, connector: Connector, { code, facts }: Extract<CallbackOutcome, { outcome: 'unasked' }>): Promise<string> {
  const session = await readSession(event)
  const actor = session && await requireRole(event, session, 'admin')
  if (!clientToConnect(connector)) throw new ConnectRefused('not_configured')
  const id = newInstallationId()
  const value = sealInstallation({
    id, provider: connector.id, code, facts, createdAt: Date.now(),
    for: actor && { userId: actor.userId, organizationId: actor.organizationId },
  })
  if (value === null) throw new ConnectRefused('provider_refused')
  forgetOldFlows(event, 'install_', AT_ONCE, openInstallation)
  keepFlow(event, { name: installationCookieName(id), value })
  return `/integrations/install?${new URLSearchParams({ provider: connector.id, flow: id })}`
}

/** What is to be confirmed. Whoever looks first at one that came to nobody is the one who may answer. */
export const installationHandler = defineRoute({ access: 'admin', params, query }, async ({ event, who, params, query }) => {
  const { connector, installation } = readInstallation(event, who, params.provider, query.flow, getCookie(event, installationCookieName(query.flow)))
  if (installation.for === null) {
    const value = sealInstallation({ ...installation, for: { userId: who.userId, organizationId: who.organizationId } })
    if (value === null) throw new AppError('not_found')
    keepFlow(event, { name: installationCookieName(installation.id), value })
  }
  return {
    provider: connector.id,
    organization: (await viewSession(who)).organization,
    facts: installation.facts,
    sandbox: clientToConnect(connector)?.inSandbox ?? false,
    expires_at: new Date(installation.createdAt + flowLifetimeSeconds * 1000).toISOString(),
  }
})

/** Yes: connected. No: gone. Either way it can't be answered again. */
export const installHandler = defineRoute({ access: 'admin', params, body: installBody }, async ({ event, who, params, body, info }) => {
  await countAttempt('login', who.userId)
  const { connector, installation } = readInstallation(event, who, params.provider, body.flow, burnFlow(event, installationCookieName(body.flow)))
  if (installation.for === null) throw new AppError('not_found')
  if (body.confirm) return { integration_id: await connect(connector, who, installation, info) }
  await declineInstallation(installation)
  await noteRefusal(connector, who, 'declined', info)
})

/** @throws AppError not_found (unknown, answered, another person's, another organization's: all alike), connection_expired */
function readInstallation(event: H3Event, who: Actor, provider: string, id: string, sealed: string | undefined): { connector: Connector, installation: Installation } {
  const connector = findConnector(provider)
  if (!connector || !startsElsewhere(connector) || sealed === undefined) throw new AppError('not_found')
  try {
    const installation = openInstallation(sealed)
    const mine = installation.for === null || (installation.for.userId === who.userId && installation.for.organizationId === who.organizationId)
    if (installation.provider !== connector.id || installation.id !== id || !mine) throw new AppError('not_found')
    return { connector, installation }
  }
  catch (error) {
    if (!(error instanceof FlowError)) throw error
    burnFlow(event, installationCookieName(id))
    throw new AppError(error.reason === 'expired' ? 'connection_expired' : 'not_found')
  }
}

async function connect(connector: Connector, who: Actor, installation: Installation, info: RequestInfo): Promise<string> {
  try {
    return await finishInstallation(connector, who, installation, info)
  }
  catch (error) {
    if (error instanceof AppError) throw error
    const code = error instanceof ConnectRefused ? error.code : 'internal'
    if (code === 'internal') log.error('connecting failed', { provider: connector.id, error })
    await noteRefusal(connector, who, code, info)
    throw new AppError('connection_refused', callbackErrors[code].sentence, { extra: { reason: code }, cause: error })
  }
}

function noteRefusal(connector: Connector, who: Actor, code: string, from: RequestInfo): Promise<void> {
  return noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'integration.refused', detail: { integration_type: connector.id, code }, from })
}
