/** Ends what an integration holds at its provider, token by token: removing goes on whatever the provider says. */
import { z } from 'zod'
import type { Connector, TokenName } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { endGrant, type EndGrantOptions, type Ending } from '#server/oauth/revoke'
import { EncryptionError } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { clientFor } from './client'
import { withStoredCredential, type Secrets, type TokenPair, type Use } from './credentials'

/** One token and what became of it, as a receipt says it. */
export type TokenOutcome = {
  /** `main`, or the connector's word for a further pair. */
  slot: string
  token: TokenName
  outcome: Ending['outcome']
  attempts: number
  at: string
  /** With `failed`: a code. */
  reason?: string
  /** Where a person ends it by hand. */
  manual_url?: string
}

/**
 * @param connector undefined: a provider that this version does not know
 * @throws AppError unavailable: the key of these tokens is with a KMS that does not answer; removing now would leave the
 *   grant at the provider, and waiting costs nothing
 */
export async function revokeTokens(connector: Connector | undefined, use: Omit<Use, 'purpose'>, options: EndGrantOptions = {}): Promise<TokenOutcome[]> {
  if (!connector) return [{ slot: 'main', token: 'access_token', outcome: 'failed', attempts: 0, at: new Date().toISOString(), reason: 'provider_unknown' }]
  try {
    return await withStoredCredential({ ...use, purpose: 'revoke' }, async (secrets, row) => endSlots(clientFor(row.connector, row.sandbox), secrets, options))
  }
  catch (error) {
    if (error instanceof EncryptionError && error.code === 'key_unavailable') throw new AppError('unavailable', 'The key management service does not answer, so the access can\'t be revoked. Try again in a moment.', { cause: error })
    log.warn('revocation failed', { integration_id: use.integrationId, error })
    const ending: Ending = { outcome: 'failed', attempts: 0, at: new Date(), reason: reasonOf(error) }
    return (await storedTokens(connector, use.integrationId)).map(named => describe(connector, named, ending))
  }
}

/** Why no call was made. */
function reasonOf(error: unknown): string {
  if (error instanceof EncryptionError || error instanceof z.core.$ZodError) return 'credential_unreadable'
  return error instanceof AppError ? error.code : 'internal'
}

/** Each pair of tokens by itself, all at once. */
export async function endSlots(client: OAuthClient, { extra, ...main }: Secrets, options: EndGrantOptions = {}): Promise<TokenOutcome[]> {
  const slots: [string, TokenPair][] = [['main', main], ...Object.entries(extra)]
  const ended = await Promise.all(slots.map(async ([slot, pair]) => {
    const grant = { accessToken: pair.accessToken, refreshToken: pair.refreshToken ?? undefined }
    return outcomes(client.connector, slot, pair, await endGrant(client, grant, options))
  }))
  return ended.flat()
}

/** What the one call did not cover stays as it is: the provider has no way to end it. */
function outcomes(connector: Connector, slot: string, pair: TokenPair, ending: Ending): TokenOutcome[] {
  const names: TokenName[] = pair.refreshToken === null ? ['access_token'] : ['access_token', 'refresh_token']
  const covered = connector.authorization.revocation?.covers ?? []
  return names.map(token => describe(connector, { slot, token }, covered.includes(token) ? ending : { outcome: 'not_supported', attempts: 0, at: ending.at }))
}

function describe(connector: Connector, named: Pick<TokenOutcome, 'slot' | 'token'>, { outcome, attempts, at, reason }: Ending): TokenOutcome {
  const byHand = outcome === 'failed' || outcome === 'not_supported'
  return {
    ...named, outcome, attempts, at: at.toISOString(), ...(reason ? { reason } : {}),
    ...(byHand ? { manual_url: connector.authorization.manualRevocationUrl } : {}),
  }
}

/** Which tokens there are, without opening one: the names of what is kept encrypted say it. */
async function storedTokens(connector: Connector, integrationId: string): Promise<Pick<TokenOutcome, 'slot' | 'token'>[]> {
  const row = unwrap(await serviceClient().from('integrations').select('config').eq('id', integrationId).maybeSingle())
  const config = typeof row?.config === 'object' && row.config !== null ? row.config : {}
  const found = connector.secrets.flatMap((name) => {
    const [, slot = 'main', token] = /^(?:(.+)_)?(access_token|refresh_token)$/.exec(name) ?? []
    const kept = Object.hasOwn(config, name) && Boolean(Reflect.get(config, name))
    return kept && (token === 'access_token' || token === 'refresh_token') ? [{ slot, token } as const] : []
  })
  return found.length ? found : [{ slot: 'main', token: 'access_token' }]
}

/** All of it in the one word of `X-Revocation`: the least that can be said of every token. */
export function summaryOf(tokens: readonly TokenOutcome[]): TokenOutcome['outcome'] {
  const worstFirst = ['failed', 'not_supported', 'revoked', 'already_gone'] as const
  return worstFirst.find(outcome => tokens.some(token => token.outcome === outcome)) ?? 'failed'
}
