import type { Connector } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { ProviderError } from '#server/errors'
import { clientFor } from '#server/integrations/client'
import type { OAuthClient } from '#server/oauth/client'
import { mintingOf, proveKey } from '#server/oauth/mint'
import { settingVariable } from '#server/utils/env-schema'
import type { Check, Context, Result } from '../contract'
import { causeOf, reach, remedyFor } from '../outgoing'

/** Whether this machine gets to each provider's API and sign-in host at all, and whether a key that is set is the application's. */
export const providers: Check = {
  name: 'provider',
  async run(context) {
    context.env()
    return Promise.all(allConnectors().map(connector => examineProvider(connector, context)))
  },
}

async function examineProvider(connector: Connector, context: Context): Promise<Omit<Result, 'name'>> {
  const { missing } = context.env().provider(connector)
  if (missing.length > 0) {
    return { ok: 'skipped', detail: `${connector.name} is ${context.env().sandbox ? 'played by the sandbox' : 'not configured'} (${missing.join(' and ')} not set)` }
  }
  const client = clientFor(connector, false)
  const { apiBase, authBase } = client
  const seen: string[] = []
  for (const [base, suffix] of new Map([[authBase, '_AUTH_URL'], [apiBase, '_API_URL']])) {
    try {
      // Nothing is asked for: whatever is said shows that the way there is open.
      const { status, clock } = await reach(base, '/robots.txt', context.now)
      if (clock) context.clocks.push(clock)
      seen.push(`${base} answers (HTTP ${status ?? 'unknown'})`)
    }
    catch (error) {
      if (!(error instanceof ProviderError)) throw error
      const cause = causeOf(error)
      return { ok: false, detail: `${connector.name}: ${base} can't be reached (${cause})`, fix: remedyFor(cause, new URL(base).host, `${connector.id.toUpperCase()}${suffix}`) }
    }
  }
  const key = await examineKey(client)
  return key?.ok === false ? key : { ok: true, detail: `${connector.name}: ${[...seen, ...key ? [key.detail] : []].join(', ')}` }
}

/** Null: none is set. A wrong one is seen nowhere else before scans fail. */
async function examineKey(client: OAuthClient): Promise<Omit<Result, 'name'> | null> {
  const minting = mintingOf(client)
  if (!minting) return null
  const { id, name } = client.connector
  const variable = settingVariable(id, minting.key)
  try {
    await proveKey(client, minting)
    return { ok: true, detail: `${variable} is accepted` }
  }
  catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (error.kind !== 'application_refused') return { ok: false, detail: `${name}: whether ${variable} is accepted could not be asked (${error.message})`, fix: 'mend what it says and run this again' }
    return { ok: false, detail: `${name} does not accept ${variable}`, fix: `set a key of the very app that ${settingVariable(id, 'client_id')} names and that it still has, and see that this machine's clock is right` }
  }
}
