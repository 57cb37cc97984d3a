/**
 * The credential room: the only place that opens what is encrypted. A credential is handed to a function for a stated
 * purpose, after an audit row says so, and forgotten when the function ends.
 */
import { recordAudit, type AuditActor, type RequestInfo } from '#server/audit'
import type { ApiReader, Endpoint, ResourceDescription } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { ProviderError } from '#server/errors'
import { createApiReader } from '#server/oauth/http'
import type { Json } from '#server/database/types'
import { decryptConfig, type EncryptionContext } from '#server/utils/encryption'
import { clientFor } from './client'
import { grantFieldsSchema, type GrantFields } from './grant'
import { CredentialError, refresh } from './refresh'
import { readRow, type IntegrationRow } from './row'
import { endsWithin, REFRESH_AHEAD_MS } from './token-config'

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

function open(row: IntegrationRow): Secrets {
  const config = decryptConfig(row.config, { integrationId: row.id, organizationId: row.organizationId }, row.connector.secrets)
  return { accessToken: config.access_token, refreshToken: config.refresh_token ?? null, extra: {} }
}

/** The credentials of a grant that is no integration yet: see pending.ts. @throws EncryptionError, ZodError */
export function openGrantFields(config: Json, context: EncryptionContext, secrets: readonly string[]): GrantFields {
  return decryptConfig(grantFieldsSchema.parse(config), context, secrets)
}

function renew(row: IntegrationRow): Promise<IntegrationRow> {
  return refresh(row, stale => open(stale).refreshToken)
}

async function audit(row: IntegrationRow, use: Use): Promise<void> {
  await recordAudit({ organizationId: row.organizationId, actor: use.actor, action: 'credential.used', target: { type: 'integration', id: row.id }, detail: { purpose: use.purpose, ...use.detail }, from: use.from })
}

/** The row with a credential that lives for another while. The old one serves while it lives and the failure may pass. */
async function freshRow(integrationId: string): Promise<IntegrationRow> {
  const row = await readRow(integrationId)
  if (!endsWithin(row.config.expires_at, REFRESH_AHEAD_MS, new Date())) return row
  try {
    return await renew(row)
  }
  catch (error) {
    const lives = !endsWithin(row.config.expires_at, 0, new Date())
    if (error instanceof CredentialError && error.failure !== 'dead_grant' && lives) return row
    throw error
  }
}

/**
 * Hands the access token to `fn`, refreshed first if it ends within five minutes.
 * @throws CredentialError, AppError not_found, EncryptionError, and whatever `fn` throws; an audit row that can't be
 * written withholds the credential
 */
export async function withCredential<T>(use: Use, fn: (secrets: Secrets, row: IntegrationRow) => Promise<T>): Promise<T> {
  const row = await freshRow(use.integrationId)
  await audit(row, use)
  return fn(open(row), row)
}

/** As `withCredential`, with the tokens as they are: to end a grant nobody needs a fresh one. */
export async function withStoredCredential<T>(use: Use, fn: (secrets: Secrets, row: IntegrationRow) => Promise<T>): Promise<T> {
  const row = await readRow(use.integrationId)
  await audit(row, use)
  return fn(open(row), row)
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
    const { connector, apiBase, fetch } = clientFor(this.row.connector, this.row.sandbox)
    return createApiReader({ base: apiBase, accessToken, fetch, retryAfter: connector.retryAfter, signal: this.signal })
  }

  async get<E>(endpoint: Endpoint<E>, resource?: ResourceDescription): Promise<E | null> {
    try {
      return await this.read(endpoint, resource)
    }
    catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'unauthorized') throw error
    }
    // Several calls may be refused at once: they share one renewal.
    this.renewal ??= renew(this.row).then((row) => {
      this.row = row
      this.reader = this.readerFor(open(row).accessToken)
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

/** A real answer came: whatever was wrong before is over. */
async function recordSuccess(row: IntegrationRow): Promise<void> {
  const service = serviceClient()
  unwrap(await service.from('integrations').update({ last_success_at: new Date().toISOString(), last_error: null }).eq('id', row.id).select('id'))
  if (row.status === 'error') unwrap(await service.from('integrations').update({ status: 'active' }).eq('id', row.id).eq('status', 'error').select('id'))
}
