/**
 * The credential room: the only place that opens what is encrypted. A credential is handed to a function for a stated
 * purpose, after an audit row says so, and forgotten when the function ends.
 */
import { once } from 'node:events'
import { z } from 'zod'
import { auditRow, type AuditActor, type RequestInfo } from '#server/audit'
import type { ApiReader } from '#server/connectors/contract'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { limiterFor } from '#server/limits'
import { mintedTokens } from '#server/oauth/minted-tokens'
import { openApi } from '#server/oauth/open-api'
import type { Json } from '#server/database/types'
import { decryptConfig, type EncryptionContext } from '#server/utils/encryption'
import { countCredentialUse } from '#server/utils/metrics'
import { clientFor } from './client'
import { CredentialError } from './credential-error'
import { grantFieldsSchema, type GrantFields } from './grant'
import { refresh } from './refresh'
import { Closing } from './refresh-errors'
import { RenewingTokens, type Held } from './renewing-tokens'
import { notingTrust } from './role-trust'
import { toRow, type IntegrationRow } from './row'
import { endsWithin, REFRESH_AHEAD_MS, secretsIn, type Secrets } from './token-config'
import { contextOf } from './vault'

export interface Use {
  integrationId: string
  /** `scan`, `revoke`, ...: stands in the audit log. */
  purpose: string
  actor: AuditActor
  from?: RequestInfo
  /** What stands beside the purpose: the assessment, its checks, the permissions they need. */
  detail?: { [key: string]: string | string[] }
}

export type { Secrets } from './token-config'

/** The row's config with its secrets in the clear. @throws EncryptionError */
export async function openConfig(row: IntegrationRow): Promise<Record<string, unknown>> {
  return decryptConfig<Record<string, unknown>>(row.config, await contextOf(row), row.connector.secrets)
}

async function open(row: IntegrationRow): Promise<Secrets> {
  return secretsIn(await openConfig(row), row.connector.authorization.slots ?? [])
}

/** The credentials of a grant that is no integration yet: see pending.ts. @throws EncryptionError, ZodError */
export function openGrantFields(config: Json, context: EncryptionContext, secrets: readonly string[]): GrantFields {
  return decryptConfig(grantFieldsSchema.parse(config), context, secrets)
}

function entryOf(use: Use) {
  return auditRow({ actor: use.actor, action: 'credential.used', target: { type: 'integration', id: use.integrationId }, detail: { purpose: use.purpose, ...use.detail }, from: use.from })
}

const noted = z.object({ audited: z.boolean() })

/**
 * The row and the audit entry of its use, in one statement: no entry, no credential.
 * @param freshUntil null: as it is; otherwise one that ends before is handed out unnoted, to be renewed first
 */
async function take(use: Use, freshUntil: Date | null): Promise<{ row: IntegrationRow, audited: boolean }> {
  const [taken] = unwrap(await askAgain(() => serviceClient().from('credential_uses').insert({
    integration_id: use.integrationId, audit: entryOf(use), ...(freshUntil ? { fresh_until: freshUntil.toISOString() } : {}),
  }).select('credential')))
  const row = toRow(taken?.credential ?? null)
  const { audited } = noted.parse(taken?.credential)
  if (audited) countCredentialUse(use.purpose)
  return { row, audited }
}

/** The row with a credential that lives for another while, its use noted. The old one serves while it lives and the failure may pass. */
async function takeFresh(use: Use): Promise<IntegrationRow> {
  const first = await take(use, new Date(Date.now() + REFRESH_AHEAD_MS))
  if (first.audited) return first.row
  try {
    await refresh(first.row, openConfig)
  }
  catch (error) {
    const passes = error instanceof Closing || (error instanceof CredentialError && error.failure !== 'dead_grant')
    if (!passes || endsWithin(first.row.config.expires_at, 0, new Date())) throw error
  }
  return (await take(use, null)).row
}

/**
 * Hands the access token to `fn`, refreshed first if it ends within five minutes.
 * @throws CredentialError, AppError not_found, EncryptionError, and whatever `fn` throws; an audit row that can't be
 * written withholds the credential
 */
export async function withCredential<T>(use: Use, fn: (secrets: Secrets, row: IntegrationRow) => Promise<T>): Promise<T> {
  const row = await takeFresh(use)
  return fn(await open(row), row)
}

/** As `withCredential`, with the tokens as they are: to end a grant nobody needs a fresh one. */
export async function withStoredCredential<T>(use: Use, fn: (secrets: Secrets, row: IntegrationRow) => Promise<T>): Promise<T> {
  const { row } = await take(use, null)
  return fn(await open(row), row)
}

/**
 * From here on endpoints are read with tokens of the operator's key that say so, as far as the grant itself shows that they may
 * be made (see `Minting`), with an audit entry before the first: no entry, no token.
 * @param api asks with the grant's own token @throws ProviderError of the kinds `outOfReach`; AppError not_found
 */
export type BeginMinting = (api: ApiReader) => Promise<void>

/**
 * The provider's API with this integration's credential: GET only, renewed once when it is refused. What the API says of the
 * connection is noted. `begin`: null where there is no such key.
 * @param fresh the credential was renewed just now
 */
export async function withApi<T>(use: Use, signal: AbortSignal, fn: (api: ApiReader, row: IntegrationRow, begin: BeginMinting | null) => Promise<T>, fresh = false): Promise<T> {
  const first = await orAborted(signal, takeFresh(use).then(held))
  const tokens = new RenewingTokens(first, (row, slot) => orAborted(signal, refresh(row, openConfig, slot).then(held)), fresh)
  const client = clientFor(first.row.connector, first.row.sandbox)
  const { organizationId, externalAccountId: accountId, config: { facts } } = first.row
  const limiter = limiterFor(client, { organizationId, accountId, facts: facts ?? {}, person: use.actor.type === 'user' })
  const minted = mintedTokens(client, signal)
  const api = openApi(client, { accessToken: tokens, minted, facts, reference: first.row.id, limiter, signal })
  const begin: BeginMinting | null = minted && (asked => minted.begin(asked, async ({ detail }) => {
    await orAborted(signal, take({ ...use, detail: { ...use.detail, ...detail } }, null))
  }))
  try {
    return await fn(notingTrust(api, first.row), first.row, begin)
  }
  finally {
    await tokens.noteHealth()
  }
}

async function held(row: IntegrationRow): Promise<Held> {
  return { row, secrets: await open(row) }
}

/**
 * Waits no longer than the signal lets it: a renewal that is under way goes on by itself. What a process that is about to end may
 * not renew any more waits for that end, so that it is given back rather than called a failure.
 */
async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const done = new AbortController()
  const aborted = once(signal, 'abort', { signal: done.signal }).then((): never => { throw signal.reason })
  aborted.catch(() => {})
  try {
    return await Promise.race([work.catch((error: unknown) => error instanceof Closing ? aborted : Promise.reject(error)), aborted])
  }
  finally {
    done.abort()
  }
}
