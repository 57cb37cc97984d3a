import { createClient } from '@supabase/supabase-js'
import postgres from 'postgres'
import { it } from 'vitest'
import { integrationColumns } from '#server/integrations/view'
import { expectStatus, type ApiClient } from '../support/client'
import { readSessionCookie } from '../support/session-cookie'
import { startStack, type Stack } from '../support/stack'
import { byTurns, report } from './report'

const ROUNDS = 150
const MINE = 50

async function organizationOf(client: ApiClient): Promise<string> {
  const { organization } = expectStatus(await client.get<{ organization: { id: string } }>('/api/session'), 200)
  // Names the organization in a cookie, as a browser has it after its first switch.
  expectStatus(await client.put('/api/session/organization', { organization_id: organization.id }), 200)
  return organization.id
}

/** Integrations with ciphertext-shaped secrets, written past the API. */
async function fill(sql: postgres.Sql, organizations: string[], each: number): Promise<void> {
  await sql`
    insert into public.integrations (organization_id, integration_type, name, config, scan_schedule, next_check_at, external_account_id, external_account_name)
    select o.id, 'supabase', 'Integration ' || n, jsonb_build_object(
        'access_token', '00000000:' || repeat('a', 16) || '.' || repeat('b', 22) || '.' || repeat('c', 800),
        'refresh_token', '00000000:' || repeat('a', 16) || '.' || repeat('b', 22) || '.' || repeat('c', 60),
        'project_id', 'ref', 'project_name', 'Project', 'enabled_checks', '["rls"]'::jsonb),
      '0 6 * * *', now() + interval '1 day', gen_random_uuid(), 'Account'
    from unnest(${organizations}::uuid[]) as o (id), generate_series(1, ${each}) n`
  await sql`analyze public.integrations`
}

async function timeList(stack: Stack, client: ApiClient, organizationId: string): Promise<[bare: number, route: number]> {
  const { supabase } = stack.backend
  if (!supabase) throw new Error('This measurement wants a real PostgreSQL.')
  const { access_token: token } = readSessionCookie(client.jar)
  const bareClient = createClient(supabase.url, supabase.anonKey, { accessToken: async () => token })
  const bare = async () => {
    const { data } = await bareClient.from('integrations').select(integrationColumns).eq('organization_id', organizationId)
      .order('created_at', { ascending: false }).order('id', { ascending: false }).limit(51).throwOnError()
    if (data.length !== MINE) throw new Error(`read ${data.length} rows`)
  }
  const route = async () => {
    const { data } = expectStatus(await client.get<{ data: unknown[] }>('/api/integrations'), 200)
    if (data.length !== MINE) throw new Error(`listed ${data.length} rows`)
  }
  return byTurns(ROUNDS, bare, route)
}

async function planOf(sql: postgres.Sql, organizationId: string): Promise<string> {
  const lines = await sql<{ 'QUERY PLAN': string }[]>`
    explain select id from public.integrations where organization_id = ${organizationId}
      and organization_id = any (array(select private.my_organization_ids()))
    order by created_at desc, id desc limit 51`
  return lines.map(line => line['QUERY PLAN']).join('\n')
}

it('GET /api/integrations against the bare call, and with many rows against few', async () => {
  const stack = await startStack({ mode: 'supabase' })
  const sql = postgres(stack.backend.env.DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
  try {
    const client = await stack.person()
    const organizationId = await organizationOf(client)
    const other = await sql<{ id: string }[]>`insert into public.organizations (name) values ('Other') returning id`
    await fill(sql, [organizationId, ...other.map(row => row.id)], MINE)
    const [bareMs, routeMs] = await timeList(stack, client, organizationId)
    report({ name: 'GET /api/integrations: time against its own supabase-js call', value: routeMs / bareMs, unit: '×', target: { atMost: 1.5 }, detail: { bare_ms: bareMs, route_ms: routeMs } })

    const many = await sql<{ id: string }[]>`insert into public.organizations (name) select 'Org ' || n from generate_series(1, 1998) n returning id`
    await fill(sql, many.map(row => row.id), MINE)
    const [rows] = await sql<{ n: number }[]>`select count(*)::int as n from public.integrations`
    const [, manyMs] = await timeList(stack, client, organizationId)
    const plan = await planOf(sql, organizationId)
    if (!/Index (Only )?Scan.*integrations_list_idx/.test(plan)) throw new Error(`No index scan:\n${plan}`)
    report({ name: 'GET /api/integrations: 100,000 rows in 2,000 organizations against 100', value: manyMs / routeMs, unit: '×', target: { atMost: 1.3 }, detail: { few_ms: routeMs, many_ms: manyMs, rows: rows?.n ?? 0, plan: plan.split('\n').find(line => line.includes('Index'))?.trim() ?? '' } })
  }
  finally {
    await sql.end()
    await stack.close()
  }
})
