/** Integrations of test connectors: made known, connected without a consent page, or seeded by the thousand. */
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import type { Connector, GrantFacts } from '#server/connectors/contract'
import { useConnectors } from '#server/connectors/registry'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { beginConnection } from '#server/integrations/begin-connection'
import { finishConnection } from '#server/integrations/connect'
import { grantConfig } from '#server/integrations/token-config'
import { keyForEncrypting, sealTokens } from '#server/integrations/vault'
import { openFlow } from '#server/oauth/state'
import { loadEnv } from '#server/utils/env'
import type { RotatingProvider } from './rotating-provider.ts'
import { from, type Rooms } from './rooms.ts'

/** Makes a connector known, served by this provider. @returns what another process needs in its environment for that */
export function install(connector: Connector, provider: Pick<RotatingProvider, 'env'>): Record<string, string> {
  const env = provider.env(connector.id)
  Object.assign(process.env, env)
  useConnectors([supabase, connector])
  loadEnv([supabase, connector])
  return env
}

/** Where any code is good. @param said by the callback @returns the integration's id */
export async function connectBlindly(connector: Connector, who: Caller, said: GrantFacts = {}): Promise<string> {
  const { cookie } = await beginConnection(connector, who, null)
  const connected = await finishConnection(connector, who, openFlow(cookie.value), 'any-code', from, said)
  if (connected.integrationId === undefined) throw new Error('It waits for a word')
  return connected.integrationId
}

/**
 * Integrations as connecting would have left them, past the provider's pages, due now.
 * @param options.organizations among which they are shared out evenly; default: one
 * @returns their ids
 */
export async function seedConnections(
  sql: Rooms['sql'], connector: Connector, provider: RotatingProvider, count: number, expiresInSeconds: number, options: { organizations?: number } = {},
): Promise<string[]> {
  const { organizations = 1 } = options
  const ids: string[] = []
  for (let n = 0; n < organizations; n++) ids.push(...await seedOrganization(sql, connector, provider, Math.floor(count / organizations) + (n < count % organizations ? 1 : 0), expiresInSeconds))
  return ids
}

async function seedOrganization(sql: Rooms['sql'], connector: Connector, provider: RotatingProvider, count: number, expiresInSeconds: number): Promise<string[]> {
  const [organization] = await sql<{ id: string }>(`insert into public.organizations (name) values ('Seeded') returning id`)
  const organizationId = organization?.id ?? ''
  const key = await keyForEncrypting(organizationId, 2 * count)
  const now = new Date()
  const rows = Array.from({ length: count }, () => {
    const id = randomUUID()
    return { id, config: sealTokens(grantConfig({ ...provider.issue(), expiresIn: expiresInSeconds }, connector.secrets, now), { id, organizationId, version: 1 }, connector, key) }
  })
  for (let done = 0; done < rows.length; done += 1_000) {
    await sql(`insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, external_account_id, external_account_name, refresh_due_at)
      select x.id, $2, $3, 'Seeded', x.config, '0 6 * * *', x.id::text, 'Account', $4::timestamptz from jsonb_to_recordset($1::text::jsonb) as x (id uuid, config jsonb)`,
    [JSON.stringify(rows.slice(done, done + 1_000)), organizationId, connector.id, now.toISOString()])
  }
  return rows.map(row => row.id)
}
