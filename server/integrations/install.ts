/** Connecting what a person started at the provider and confirmed here. */
import type { RequestInfo } from '#server/audit'
import type { Connector } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Installation } from '#server/oauth/installation'
import { stateHash, type Flow } from '#server/oauth/state'
import { finishConnection, type Connecting } from './connect'

/** In the place of a state, which there is none of: a code is good for one answer, in whatever browser it comes again. */
function stateOf({ provider, code }: Installation): string {
  return `installation ${provider} ${code}`
}

/**
 * With an installation whose browser, person, organization and provider were compared already.
 * @returns the integration's id @throws ConnectRefused
 */
export async function finishInstallation(connector: Connector, who: Connecting, installation: Installation, from: RequestInfo): Promise<string> {
  const { code, facts, createdAt } = installation
  const flow: Flow = {
    state: stateOf(installation), codeVerifier: null, provider: connector.id, userId: who.userId, organizationId: who.organizationId,
    integrationId: null, createdAt, awaits: 'consent', facts: {},
  }
  const { integrationId, pendingId } = await finishConnection(connector, who, flow, code, from, facts)
  if (integrationId === undefined) throw new Error(`Nothing was to be reconnected, and ${pendingId} waits`)
  return integrationId
}

/** The person does not want it: nobody can confirm it any more, and its code is left to end by itself. */
export async function declineInstallation(installation: Installation): Promise<void> {
  unwrap(await serviceClient().rpc('use_oauth_state', { p_state_hash: stateHash(stateOf(installation)) }))
}
