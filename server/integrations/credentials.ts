/**
 * The credential room: the only place that opens what is encrypted. A credential is handed to a function for a stated
 * purpose, after an audit row says so, and forgotten when the function ends.
 */
import { z } from 'zod'
import { auditRow, type AuditActor, type RequestInfo } from '#server/audit'
import type { ApiReader, Endpoint, ResourceDescription } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { ProviderError } from '#server/errors'
import { openApi } from '#server/oauth/open-api'
import type { Json } from '#server/database/types'
import { decryptConfig, type EncryptionContext } from '#server/utils/encryption'
import { countCredentialUse } from '#server/utils/metrics'
import { clientFor } from './client'
import { CredentialError } from './credential-error'
import { grantFieldsSchema, type GrantFields } from './grant'
import { slotsOf } from './redeem'
import { refresh } from './refresh'
import { toRow, type IntegrationRow } from './row'
import { endsWithin, MAIN_SLOT, REFRESH_AHEAD_MS, slotField } from './token-config'
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

export interface TokenPair { accessToken: string, refreshToken: string | null }

/** The grant's main tokens, and those of further slots that the connector declares (a person's beside a bot's). */
export interface Secrets extends TokenPair { extra: Readonly<Record<string, TokenPair>> }

/** The row's config with its secrets in the clear. @throws EncryptionError */
export async function openConfig(row: IntegrationRow): Promise<Record<string, unknown>> {
  return decryptConfig<Record<string, unknown>>(row.config, await contextOf(row), row.connector.secrets)
}

async function open(row: IntegrationRow): Promise<Secrets> {
  const config = await openConfig(row)
  const text = (field: string) => typeof config[field] === 'string' ? config[field] : null
  const pair = (slot: string) => ({ accessToken: text(slotField(slot, 'access_token')) ?? '', refreshToken: text(slotField(slot, 'refresh_token')) })
  const others = slotsOf(row).slice(1).filter(slot => text(slotField(slot, 'access_token')))
  return { ...pair(MAIN_SLOT), extra: Object.fromEntries(others.map(slot => [slot, pair(slot)])) }
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
  const answer = unwrap(await serviceClient().rpc('take_credential', {
    p_id: use.integrationId, p_audit: entryOf(use), ...(freshUntil ? { p_fresh_until: freshUntil.toISOString() } : {}),
  }))
  const row = toRow(answer)
  const { audited } = noted.parse(answer)
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
    const lives = !endsWithin(first.row.config.expires_at, 0, new Date())
    if (!(error instanceof CredentialError && error.failure !== 'dead_grant' && lives)) throw error
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
 * The provider's API with this integration's credential: GET only. A 401 forces one refresh, whatever the stored expiry
 * says; a second one means that the grant is gone.
 */
export async function withApi<T>(use: Use, signal: AbortSignal, fn: (api: ApiReader, row: IntegrationRow) => Promise<T>): Promise<T> {
  return withCredential(use, async ({ accessToken }, row) => {
    const api = new RenewingReader(row, accessToken, signal)
    try {
      return await fn(api, row)
    }
    finally {
      if (api.healthy) await recordSuccess(row)
    }
  })
}

class RenewingReader implements ApiReader {
  get facts() {
    return this.row.config.facts ?? {}
  }

  /** The provider answered, and did not end by refusing the credential: an answer from before that is no sign of health. */
  get healthy() {
    return this.answered && !this.refused
  }

  private answered = false
  private refused = false
  private reader: ApiReader
  private renewal: Promise<void> | null = null

  constructor(private row: IntegrationRow, accessToken: string, private signal: AbortSignal) {
    this.reader = this.readerFor(accessToken)
  }

  private readerFor(accessToken: string): ApiReader {
    return openApi(clientFor(this.row.connector, this.row.sandbox), { accessToken, facts: this.facts, reference: this.row.id, signal: this.signal })
  }

  pages<E>(endpoint: Endpoint<E>, resource?: ResourceDescription): AsyncIterable<E> {
    return this.reader.pages(endpoint, resource)
  }

  async get<E>(endpoint: Endpoint<E>, resource?: ResourceDescription): Promise<E | null> {
    try {
      return await this.read(endpoint, resource)
    }
    catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'unauthorized') throw error
    }
    // Several calls may be refused at once: they share one renewal.
    this.renewal ??= refresh(this.row, openConfig).then(async (row) => {
      this.row = row
      this.reader = this.readerFor((await open(row)).accessToken)
    })
    try {
      await this.renewal
      return await this.read(endpoint, resource)
    }
    catch (error) {
      const again = error instanceof ProviderError && error.kind === 'unauthorized'
      this.refused ||= again || error instanceof CredentialError
      throw again ? await recordRefusal(this.row, error) : error
    }
  }

  private async read<E>(endpoint: Endpoint<E>, resource?: ResourceDescription): Promise<E | null> {
    const answer = await this.reader.get(endpoint, resource)
    this.answered = true
    return answer
  }
}

/** A fresh token was refused: the person withdrew the consent at the provider. */
async function recordRefusal(row: IntegrationRow, cause: ProviderError): Promise<CredentialError> {
  unwrap(await serviceClient().from('integrations').update({
    status: 'error',
    last_error: { class: 'dead_grant', code: 'unauthorized', message: 'The provider refuses the credential, even a fresh one. Reconnect it.', at: new Date().toISOString() },
  }).eq('id', row.id).eq('version', row.version).eq('status', 'active').select('id'))
  return new CredentialError('dead_grant', 'unauthorized', { cause })
}

/** A real answer came: whatever was wrong with the main token before is over. */
async function recordSuccess(row: IntegrationRow): Promise<void> {
  const service = serviceClient()
  unwrap(await service.from('integrations').update({ last_success_at: new Date().toISOString(), ...(row.lastError?.slot ? {} : { last_error: null }) }).eq('id', row.id).select('id'))
  if (row.status === 'error') unwrap(await service.from('integrations').update({ status: 'active' }).eq('id', row.id).eq('status', 'error').select('id'))
}
