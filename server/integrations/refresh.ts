/**
 * Exchanges an integration's refresh token for a new pair, once.
 *
 * Providers rotate refresh tokens and treat a second use of one as theft (RFC 6819 section 5.2.2.3), so two refreshers
 * at once end the connection. One at a time, across processes: a lease in the row, by the database's clock. It covers
 * read, redeem and store; the store is a compare-and-swap on `version`, so that a holder who overran its lease cannot
 * overwrite its successor. Whoever does not get the lease waits for the result of the one who did.
 *
 * The call's time limit (10 s) is shorter than the lease (30 s).
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { noteAudit } from '#server/audit'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { AppError, OAuthError } from '#server/errors'
import { refreshGrant } from '#server/oauth/refresh'
import { encryptConfig } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { clientFor } from './client'
import { readRow, type IntegrationRow } from './row'
import { refreshDueAt, tokenConfig } from './token-config'

const LEASE_SECONDS = 30
const POLL_MS = 100
const PATIENCE_MS = 45_000

/** The credential can't be had: the class says whether that will pass. */
export class CredentialError extends Error {
  override name = 'CredentialError'
  constructor(readonly failure: OAuthError['failure'], readonly code: string, options: { cause?: unknown } = {}) {
    super(`credential unavailable: ${failure} (${code})`, options)
  }
}

const sentences: Record<OAuthError['failure'], string> = {
  dead_grant: 'The provider no longer accepts this connection. Reconnect it.',
  our_application: 'The provider does not accept this installation\'s client id or secret. The operator has to correct them.',
  passing: 'The provider could not be reached to renew the credential. It is tried again by itself.',
}

/** One refresh per integration in this process; the others get its result. */
const running = new Map<string, Promise<IntegrationRow>>()

/**
 * @param seen the row with the credential that is no longer good enough
 * @param decryptRefreshToken from the credential room, which alone opens what is encrypted
 * @returns the row with a newer credential, whoever refreshed it
 * @throws CredentialError, AppError not_found (removed meanwhile)
 */
export function refresh(seen: IntegrationRow, decryptRefreshToken: (row: IntegrationRow) => string | null): Promise<IntegrationRow> {
  const key = `${seen.id} ${seen.version}`
  const known = running.get(key)
  if (known) return known
  const attempt = refreshOnce(seen, decryptRefreshToken).finally(() => running.delete(key))
  running.set(key, attempt)
  return attempt
}

async function refreshOnce(seen: IntegrationRow, decryptRefreshToken: (row: IntegrationRow) => string | null): Promise<IntegrationRow> {
  const owner = randomUUID()
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const mine = unwrap(await serviceClient().rpc('take_refresh_lease', { p_id: seen.id, p_owner: owner, p_seconds: LEASE_SECONDS }))
    const row = await readRow(seen.id)
    const outcome = outcomeOfOthers(seen, row)
    if (outcome) {
      if (mine) await giveBack(row, owner)
      if (outcome instanceof CredentialError) throw outcome
      return outcome
    }
    if (mine) return redeem(row, owner, decryptRefreshToken)
    if (Date.now() > deadline) throw new CredentialError('passing', 'refresh_busy')
    await delay(POLL_MS)
  }
}

/** What another refresher made of it since the row was seen. */
function outcomeOfOthers(seen: IntegrationRow, row: IntegrationRow): IntegrationRow | CredentialError | null {
  if (row.version !== seen.version) return row
  if (row.lastError && row.lastError.at !== seen.lastError?.at) return new CredentialError(failureOf(row.lastError.class), row.lastError.code)
  return null
}

function failureOf(text: string): OAuthError['failure'] {
  return text === 'dead_grant' || text === 'our_application' ? text : 'passing'
}

async function giveBack(row: IntegrationRow, owner: string): Promise<void> {
  unwrap(await serviceClient().from('integrations').update({ refresh_lease_owner: null, refresh_lease_until: null })
    .eq('id', row.id).eq('refresh_lease_owner', owner).select('id'))
}

/** What cannot be opened is no failure of the provider's: the lease goes back, and the caller learns what it is. */
async function openRefreshToken(row: IntegrationRow, owner: string, decryptRefreshToken: (row: IntegrationRow) => string | null): Promise<string | null> {
  try {
    return decryptRefreshToken(row)
  }
  catch (error) {
    await giveBack(row, owner)
    throw error
  }
}

async function redeem(row: IntegrationRow, owner: string, decryptRefreshToken: (row: IntegrationRow) => string | null): Promise<IntegrationRow> {
  const context = { integrationId: row.id, organizationId: row.organizationId }
  const refreshToken = await openRefreshToken(row, owner, decryptRefreshToken)
  try {
    if (!refreshToken) throw new OAuthError('dead_grant', 'expired_without_refresh_token')
    const now = new Date()
    const tokens = await refreshGrant(clientFor(row.connector, row.sandbox), refreshToken)
    const fields = tokenConfig(tokens, row.config.expires_in ?? null, now)
    const stored = unwrap(await serviceClient().rpc('store_refreshed_credentials', {
      p_id: row.id, p_owner: owner, p_version: row.version,
      p_config: encryptConfig(fields, context, row.connector.secrets) as Json,
      p_refresh_due_at: refreshDueAt(fields.expires_at, now),
    }))
    if (!stored) log.warn('a newer credential was stored while this one was being refreshed', { integration_id: row.id })
  }
  catch (error) {
    throw await recordFailure(row, owner, error)
  }
  await noteAudit({ organizationId: row.organizationId, actor: { type: 'system', id: null, email: null }, action: 'credential.refreshed', target: { type: 'integration', id: row.id } })
  return readRow(row.id)
}

async function recordFailure(row: IntegrationRow, owner: string, error: unknown): Promise<unknown> {
  const failure = error instanceof OAuthError ? error.failure
    : error instanceof AppError && error.code === 'not_configured' ? 'our_application' : 'passing'
  const code = error instanceof OAuthError ? error.oauthError : error instanceof AppError ? error.code : 'internal'
  if (failure !== 'dead_grant') log.error('credential refresh failed', { integration_id: row.id, failure, code, error })
  const retryMs = failure === 'our_application' ? 3_600_000 : 60_000 + Math.random() * 60_000
  unwrap(await serviceClient().rpc('store_refresh_failure', {
    p_id: row.id, p_owner: owner, p_version: row.version, p_dead: failure === 'dead_grant',
    p_error: { class: failure, code, message: sentences[failure], at: new Date().toISOString() },
    p_refresh_due_at: new Date(Date.now() + retryMs).toISOString(),
  }))
  await noteAudit({ organizationId: row.organizationId, actor: { type: 'system', id: null, email: null }, action: 'credential.refresh_failed', target: { type: 'integration', id: row.id }, detail: { class: failure, code } })
  return new CredentialError(failure, code, { cause: error })
}
