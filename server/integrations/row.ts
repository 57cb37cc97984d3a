/** The integration's row as the credential room reads it: with the service role, ciphertext and wrapped keys included. */
import { z } from 'zod'
import type { Connector } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { MAIN_SLOT } from './token-config'

/** What `config` holds beside the provider's own secrets. */
const configSchema = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string().nullish(),
  /** ISO 8601; null: the provider named no lifetime. */
  expires_at: z.string().nullish(),
  /** Seconds: the last lifetime the provider named, for answers that leave it out. */
  expires_in: z.number().nullish(),
  facts: z.record(z.string(), z.string()).optional(),
})

const lastErrorSchema = z.object({
  class: z.string(), code: z.string(), message: z.string(), at: z.string(),
  /** Of a further token of the grant: the main one works. */
  slot: z.string().optional(),
  /** Whose word it is: the token endpoint's, or the API's. */
  call: z.enum(['refresh', 'api']).catch('refresh'),
}).nullable().catch(null)
export type LastError = NonNullable<z.infer<typeof lastErrorSchema>>

export const wrappedKeys = z.array(z.object({ key_id: z.string(), wrapped: z.string(), retired: z.boolean() }))
export type WrappedKeys = z.infer<typeof wrappedKeys>

export interface IntegrationRow {
  id: string
  organizationId: string
  connector: Connector
  externalAccountId: string
  /** Secrets encrypted. */
  config: z.infer<typeof configSchema>
  version: number
  status: string
  sandbox: boolean
  lastError: LastError | null
  /** Failed refreshes since the last success. */
  refreshFailures: number
  /** Of the tokens that are due next. */
  refreshSlot: string
  /** The organization's, the one that encrypts first. */
  keys: WrappedKeys
}

const rowSchema = z.object({
  id: z.string(), organization_id: z.string(), integration_type: z.string(), config: configSchema, version: z.number(),
  status: z.string(), sandbox: z.boolean(), last_error: lastErrorSchema, refresh_failures: z.number(), refresh_slot: z.string(), external_account_id: z.string(), keys: wrappedKeys,
})

/** All that the connector knows, the main one first. */
export function slotsOf(row: Pick<IntegrationRow, 'connector'>): string[] {
  return [MAIN_SLOT, ...row.connector.authorization.slots ?? []]
}

/** The API refused a token that was fresh: only an answer of the API shows the contrary. As `private.is_refusal`. */
export function isRefused({ lastError }: Pick<IntegrationRow, 'lastError'>): boolean {
  return lastError?.call === 'api' && lastError.code === 'unauthorized'
}

/** What the functions of the credential room answer with. @throws AppError not_found for null, and for a provider that is gone */
export function toRow(json: unknown): IntegrationRow {
  const row = json === null ? null : rowSchema.parse(json)
  const connector = row && findConnector(row.integration_type)
  if (!row || !connector) throw new AppError('not_found')
  return {
    id: row.id, organizationId: row.organization_id, connector, externalAccountId: row.external_account_id, config: row.config, version: row.version, status: row.status,
    sandbox: row.sandbox, lastError: row.last_error, refreshFailures: row.refresh_failures, refreshSlot: row.refresh_slot, keys: row.keys,
  }
}

/** @throws AppError not_found: also when it was removed meanwhile */
export async function readRow(id: string): Promise<IntegrationRow> {
  return toRow(unwrap(await serviceClient().rpc('take_credential', { p_id: id })))
}
