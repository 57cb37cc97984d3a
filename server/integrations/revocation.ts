/** Ends what is held at a provider, token by token: removing goes on whatever the provider says. */
import { z } from 'zod'
import type { Connector, TokenName } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError, type ErrorCode } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { endGrant, type EndGrantOptions, type Ending } from '#server/oauth/revoke'
import { EncryptionError } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { clientFor } from './client'
import { withStoredCredential, type Use } from './credentials'
import { endUnlessShared, type Installation } from './installation'
import type { Secrets, TokenPair } from './token-config'

/** One token and what became of it, as a receipt says it. */
export type TokenOutcome = {
  /** `main`, or the connector's word for a further pair. */
  slot: string
  token: TokenName
  outcome: Ending['outcome']
  attempts: number
  at: string
  /** With `failed`, or `not_supported` where the provider would have ended others' access too: a code. */
  reason?: string
  /** Where a person ends it by hand. */
  manual_url?: string
}

/** What became of all tokens; `left`: no call was made, since it would have ended others' access too. */
export interface EndedTokens { tokens: TokenOutcome[], left: boolean }

/** Where they are kept. */
export interface StoredTokens {
  table: 'integrations' | 'pending_connections'
  id: string
  /** Hands them to `use`, after an audit entry says so. */
  open: (use: (secrets: Secrets) => Promise<TokenOutcome[]>) => Promise<TokenOutcome[]>
}

/** Of our own database: whether the provider would have ended it was not even asked, and can be in a moment. */
const ours: readonly ErrorCode[] = ['unavailable', 'audit_unavailable', 'internal']

/** @param connector undefined: a provider that this version does not know. @throws as endTokens */
export async function revokeTokens(
  connector: Connector | undefined, integration: { external_account_id: string, sandbox: boolean }, use: Omit<Use, 'purpose'>, options: EndGrantOptions = {},
): Promise<EndedTokens> {
  const { integrationId } = use
  const { external_account_id: accountId, sandbox } = integration
  return endTokens(connector && { connector, accountId, sandbox, integrationId }, {
    table: 'integrations', id: integrationId, open: end => withStoredCredential({ ...use, purpose: 'revoke' }, end),
  }, options)
}

/**
 * @param installation undefined: of a provider that this version does not know
 * @throws AppError unavailable: the key of these tokens is with a KMS that does not answer; removing now would leave the
 *   grant at the provider, and waiting costs nothing; audit_unavailable: no entry, no credential
 */
export async function endTokens(installation: Installation | undefined, stored: StoredTokens, options: EndGrantOptions = {}): Promise<EndedTokens> {
  if (!installation) return { left: false, tokens: [{ slot: 'main', token: 'access_token', outcome: 'failed', attempts: 0, at: new Date().toISOString(), reason: 'provider_unknown' }] }
  const { connector, sandbox } = installation
  const all = async (ending: Ending) => (await namesOf(connector, stored)).map(name => describe(connector, name, ending))
  try {
    const tokens = await endUnlessShared(installation, () => stored.open(async secrets => endSlots(clientFor(connector, sandbox), secrets, options)))
    return tokens ? { tokens, left: false } : { tokens: await all(leftForOthers()), left: true }
  }
  catch (error) {
    if (error instanceof EncryptionError && error.code === 'key_unavailable') throw new AppError('unavailable', 'The key management service does not answer, so the access can\'t be revoked. Try again in a moment.', { cause: error })
    if (error instanceof AppError && ours.includes(error.code)) throw error
    log.warn('revocation failed', { [stored.table]: stored.id, error })
    return { tokens: await all({ outcome: 'failed', attempts: 0, at: new Date(), reason: reasonOf(error) }), left: false }
  }
}

/** The reason as receipts and pages know it (shared/display.ts). */
function leftForOthers(): Ending {
  return { outcome: 'not_supported', attempts: 0, at: new Date(), reason: 'shared_installation' }
}

/** Why no call was made. */
function reasonOf(error: unknown): string {
  if (error instanceof EncryptionError || error instanceof z.core.$ZodError) return 'credential_unreadable'
  return error instanceof AppError ? error.code : 'internal'
}

/** Each pair of tokens by itself, all at once. */
export async function endSlots(client: OAuthClient, { extra, facts, ...main }: Secrets, options: EndGrantOptions = {}): Promise<TokenOutcome[]> {
  const slots: [string, TokenPair][] = [['main', main], ...Object.entries(extra)]
  const ended = await Promise.all(slots.map(async ([slot, pair]) => {
    const grant = { accessToken: pair.accessToken, refreshToken: pair.refreshToken ?? undefined, facts }
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
async function namesOf(connector: Connector, { table, id }: StoredTokens): Promise<Pick<TokenOutcome, 'slot' | 'token'>[]> {
  const row = unwrap(await serviceClient().from(table).select('config').eq('id', id).maybeSingle())
  const config = typeof row?.config === 'object' && row.config !== null ? row.config : {}
  const found = connector.secrets.flatMap((name) => {
    const [, slot = 'main', token] = /^(?:(.+)_)?(access_token|refresh_token)$/.exec(name) ?? []
    const kept = Object.hasOwn(config, name) && Boolean(Reflect.get(config, name))
    return kept && (token === 'access_token' || token === 'refresh_token') ? [{ slot, token } as const] : []
  })
  return found.length ? found : [{ slot: 'main', token: 'access_token' }]
}

/**
 * Of tokens that were revoked while a refresh may have been under way: what that brings is not known here, so nothing of
 * them is claimed.
 */
export function whileRefreshing(connector: Connector | undefined, tokens: readonly TokenOutcome[]): TokenOutcome[] {
  return tokens.map(({ reason, ...token }) => token.outcome === 'revoked' || token.outcome === 'already_gone'
    ? { ...token, outcome: 'failed', reason: 'refresh_running', ...(connector ? { manual_url: connector.authorization.manualRevocationUrl } : {}) }
    : { ...token, ...(reason ? { reason } : {}) })
}

/** All of it in the one word of `X-Revocation`: the least that can be said of every token. */
export function summaryOf(tokens: readonly TokenOutcome[]): TokenOutcome['outcome'] {
  const worstFirst = ['failed', 'not_supported', 'revoked', 'already_gone'] as const
  return worstFirst.find(outcome => tokens.some(token => token.outcome === outcome)) ?? 'failed'
}
