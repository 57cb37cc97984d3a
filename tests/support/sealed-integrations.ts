/** Many integrations at once, with tokens that our own code has sealed, written past the API. */
import { randomBytes, randomUUID } from 'node:crypto'
import { supabase } from '#server/connectors/supabase'
import { sealTokens } from '#server/integrations/vault'
import { newDataKey, openDataKey } from '#server/utils/data-key'
import { encryptConfig, type DataKey } from '#server/utils/encryption'

export type Sql = (text: string, parameters?: unknown[]) => Promise<unknown>
export interface SealedIntegration { id: string, organizationId: string, accessToken: string }

const ROWS_AT_ONCE = 1_000

/** @param options.direct as before there were data keys: under ENCRYPTION_KEY itself, and no key for the organization */
export async function seedSealed(sql: Sql, organizations: number, each: number, options: { direct?: boolean } = {}): Promise<SealedIntegration[]> {
  const seeded: SealedIntegration[] = []
  const rows: object[] = []
  for (let n = 0; n < organizations; n++) {
    const organizationId = randomUUID()
    await sql('insert into public.organizations (id, name) values ($1, $2)', [organizationId, `Seeded ${n}`])
    const key = options.direct ? null : await addKey(sql, organizationId)
    for (let m = 0; m < each; m++) {
      const one = { id: randomUUID(), organizationId, accessToken: `sbp_oauth_${randomBytes(20).toString('hex')}` }
      seeded.push(one)
      rows.push({ ...one, organization_id: organizationId, account: randomUUID(), config: configOf(one, key) })
    }
  }
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    await sql(`insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, next_check_at, external_account_id,
        external_account_name, refresh_due_at)
      select r.id, r.organization_id, 'supabase', 'Seeded', r.config, '0 6 * * *', now() + interval '1 day', r.account, 'Seeded', now() + interval '1 day'
      from jsonb_to_recordset($1::text::jsonb) as r (id uuid, organization_id uuid, config jsonb, account text)`, [JSON.stringify(rows.slice(start, start + ROWS_AT_ONCE))])
  }
  return seeded
}

async function addKey(sql: Sql, organizationId: string): Promise<DataKey> {
  const made = await newDataKey(organizationId)
  await sql('insert into public.organization_keys (organization_id, key_id, wrapped, kek_id) values ($1, $2, $3, $4)', [organizationId, made.keyId, made.wrapped, made.kekId])
  return openDataKey(made, organizationId)
}

/** The first version of a row, as connecting writes it. */
function configOf({ id, organizationId, accessToken }: SealedIntegration, key: DataKey | null): object {
  const plain = {
    access_token: accessToken, refresh_token: randomBytes(40).toString('base64url'), project_id: 'ref', project_name: 'Seeded', enabled_checks: ['rls'],
    expires_in: 86_400, expires_at: new Date(Date.now() + 86_400_000).toISOString(),
  }
  return key
    ? sealTokens(plain, { id, organizationId, version: 1 }, supabase, key)
    : encryptConfig(plain, { integrationId: id, organizationId }, supabase.secrets)
}
