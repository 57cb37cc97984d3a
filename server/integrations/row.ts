/** The integration's row as the credential room reads it: with the service role, ciphertext included. */
import { z } from 'zod'
import type { Connector } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'

/** What `config` holds beside the provider's own secrets. */
const configSchema = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string().nullish(),
  /** ISO 8601; null: the provider named no lifetime. */
  expires_at: z.string().nullish(),
  /** Seconds: the last lifetime the provider named, for answers that leave it out. */
  expires_in: z.number().nullish(),
})

const lastErrorSchema = z.object({ class: z.string(), code: z.string(), message: z.string(), at: z.string() }).nullable().catch(null)
export type LastError = NonNullable<z.infer<typeof lastErrorSchema>>

export interface IntegrationRow {
  id: string
  organizationId: string
  connector: Connector
  /** Secrets encrypted. */
  config: z.infer<typeof configSchema>
  version: number
  status: string
  sandbox: boolean
  lastError: LastError | null
}

/** @throws AppError not_found: also when it was removed meanwhile */
export async function readRow(id: string): Promise<IntegrationRow> {
  const row = unwrap(await serviceClient().from('integrations')
    .select('id, organization_id, integration_type, config, version, status, sandbox, last_error').eq('id', id).maybeSingle())
  const connector = row && findConnector(row.integration_type)
  if (!row || !connector) throw new AppError('not_found')
  return {
    id: row.id, organizationId: row.organization_id, connector, config: configSchema.parse(row.config), version: row.version,
    status: row.status, sandbox: row.sandbox, lastError: lastErrorSchema.parse(row.last_error),
  }
}
