/** Connecting, the first half: where the browser is sent, and the cookie that binds what comes back to it. */
import type { Connector, GrantFacts } from '#server/connectors/contract'
import { AppError } from '#server/errors'
import { authorizeUrl, installUrl } from '#server/oauth/authorize-url'
import { oauthOf } from '#server/oauth/client'
import { flowCookieName, newState, newVerifier, sealFlow, type Flow } from '#server/oauth/state'
import { clientToConnect, missingConfiguration } from './client'
import { ConnectRefused, readWanted, spendState, type Connecting } from './connect'

/**
 * @param integrationId to reconnect this one, its account pinned at the provider; null for whatever account the person
 * chooses
 * @returns where to send the browser, and the cookie that binds the flow to it
 * @throws AppError not_configured, not_found (no such integration here)
 */
export async function beginConnection(connector: Connector, who: Connecting, integrationId: string | null) {
  const target = clientToConnect(connector)
  if (!target) throw new AppError('not_configured', `Set ${missingConfiguration(connector).join(' and ')}.`)
  const wanted = integrationId === null ? null : await readWanted(connector, who, integrationId)
  if (integrationId !== null && !wanted) throw new AppError('not_found', 'There is no such integration.')
  const flow = newFlow(connector, who, integrationId)
  // What is to be reconnected is installed, as a rule: the provider's page would have nothing to ask.
  const install = wanted ? null : installUrl(target.client, flow.state)
  if (install) return { url: install, cookie: cookieOf({ ...flow, awaits: 'installation' }) }
  return { url: await authorizeUrl(target.client, flow, wanted?.sandbox === target.inSandbox ? wanted.external_account_id : null), cookie: cookieOf(flow) }
}

/**
 * The second start of a flow that began with the app's installation, with a state of its own.
 * @param said what the installation's callback brought along: anybody's text until the account was read
 * @throws ConnectRefused
 */
export async function askForConsent(connector: Connector, who: Connecting, { state, integrationId }: Flow, said: GrantFacts) {
  const target = clientToConnect(connector)
  if (!target) throw new ConnectRefused('not_configured')
  await spendState(state)
  const flow = { ...newFlow(connector, who, integrationId), facts: { ...said } }
  return { url: await authorizeUrl(target.client, flow), cookie: cookieOf(flow) }
}

/**
 * For a reconnect whose account the app is not in any more: the page where the person puts it there again, and goes on from.
 * Null: the provider has no such page, or the person comes from it.
 */
export function askForInstallation(connector: Connector, who: Connecting, { integrationId, facts }: Flow) {
  const target = clientToConnect(connector)
  if (!target || integrationId === null || Object.keys(facts).length > 0) return null
  const flow: Flow = { ...newFlow(connector, who, integrationId), awaits: 'installation' }
  const url = installUrl(target.client, flow.state)
  return url && { url, cookie: cookieOf(flow) }
}

function newFlow(connector: Connector, who: Connecting, integrationId: string | null): Flow {
  return {
    state: newState(),
    codeVerifier: oauthOf(connector).pkce === 'S256' ? newVerifier() : null,
    provider: connector.id, userId: who.userId, organizationId: who.organizationId, integrationId, createdAt: Date.now(),
    awaits: 'consent', facts: {},
  }
}

function cookieOf(flow: Flow): { name: string, value: string } {
  return { name: flowCookieName(flow.state), value: sealFlow(flow) }
}
