/** The forecast of stored integrations: what the rows, the connectors and the environment know of it, put together. */
import { z } from 'zod'
import { findConnector } from '#server/connectors/registry'
import { env } from '#server/utils/env'
import { forecast, type Forecast } from './forecast'

export const outlookColumns = 'integration_type, config_metadata, last_success_at, connected_by, sandbox'

export interface OutlookRow { integration_type: string, config_metadata: unknown, last_success_at: string | null, connected_by: string | null, sandbox: boolean }

/** What is not there, or is nonsense, is not known. */
const metadataSchema = z.object({
  expires_at: z.string().nullish().catch(null),
  refresh_expires_at: z.string().nullish().catch(null),
  refresh_issued_at: z.string().nullish().catch(null),
  renewable: z.boolean().optional().catch(undefined),
}).catch({ expires_at: null, refresh_expires_at: null, refresh_issued_at: null, renewable: undefined })

/** @param members the ids of the organization's people */
export function forecastOf(row: OutlookRow, members: ReadonlySet<string>): Forecast {
  const connector = findConnector(row.integration_type)
  const metadata = metadataSchema.parse(row.config_metadata)
  return forecast({
    provider: connector?.name ?? row.integration_type,
    lastSuccessAt: row.last_success_at,
    expiresAt: metadata.expires_at ?? null,
    renewable: metadata.renewable,
    refreshExpiresAt: metadata.refresh_expires_at ?? null,
    refreshIssuedAt: metadata.refresh_issued_at ?? null,
    lifetimes: connector?.authorization.lifetimes,
    // The stand-in's registration is not the operator's.
    clientSecretExpires: row.sandbox ? null : env().provider(row.integration_type).clientSecretExpires ?? null,
    connectedByMember: row.connected_by !== null && members.has(row.connected_by),
  })
}
