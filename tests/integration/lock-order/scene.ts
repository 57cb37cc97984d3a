/** Two organizations, each with an integration, in whose rows everything that locks gets in each other's way. */
import { randomUUID } from 'node:crypto'
import type { TestDatabase } from '../../support/database.ts'
import { ciphertext, newIntegration, newKey, newOrganization, newResource } from '../../support/organizations.ts'
import type { Lock } from './stops.ts'

export interface Side { organization: string, owner: string, integration: string, account: string, key: string }
export interface Scene {
  /** By the integration's id. Their organizations' ids are the other way round. */
  first: Side
  second: Side
  /** Of the first: a running scan of worker `w`, and what it is about. */
  assessment: string
  resource: string
  /** Waits to be stored at the first. */
  pending: string
  /** Of the second: a refresh of `me` that was sent, and whose lease is over. */
  journal: string
  retiredKey: string
}

export const due = '2026-01-01T00:00:00Z'
export const kek = 'ffffffff'

/** The rows, in the order in which they are to be locked; those of one rank in any. */
export const rowsOf = ({ first, second, assessment, resource, pending, journal, retiredKey }: Scene): (Lock & { name: string, rank: number })[] => {
  const one = (rank: number, name: string, table: string, ...values: string[]) => ({
    name, rank, table, values, where: (keys[table] ?? ['id']).map((column, index) => `${column} = $${index + 1}`).join(' and '),
  })
  return [
    one(0, 'pending connection', 'pending_connections', pending),
    one(1, 'lower organization', 'organizations', second.organization),
    one(2, 'higher organization', 'organizations', first.organization),
    one(3, 'assessment', 'assessments', assessment),
    one(4, 'first integration', 'integrations', first.integration),
    one(5, 'second integration', 'integrations', second.integration),
    one(6, 'retired key', 'organization_keys', second.organization, retiredKey),
    one(7, 'lower key', 'organization_keys', second.organization, second.key),
    one(8, 'higher key', 'organization_keys', first.organization, first.key),
    one(9, 'key encryption key', 'key_encryption_keys', kek),
    one(10, 'journal', 'refresh_journal', journal),
    one(11, 'resource', 'integration_resources', resource),
    one(11, 'finding', 'findings', resource),
    one(11, 'result', 'assessment_results', resource),
    one(11, 'signal', 'integration_signals', resource),
    one(12, 'lower log', 'audit_heads', second.organization),
    one(13, 'higher log', 'audit_heads', first.organization),
  ]
}
const keys: Record<string, string[]> = {
  organization_keys: ['organization_id', 'key_id'], key_encryption_keys: ['kek_id'], findings: ['resource_id'], assessment_results: ['resource_id'],
  integration_signals: ['resource_id'], audit_heads: ['organization_id'],
}

export async function newScene(db: TestDatabase): Promise<Scene> {
  const organizations = [await newOrganization(db.run), await newOrganization(db.run)].sort((a, b) => a.id < b.id ? 1 : -1)
  const sides: Side[] = []
  for (const { id, owner } of organizations) {
    let integration
    do integration = await newIntegration(db.run, id, due)
    while (sides[0] && integration < sides[0].integration)
    const { rows: [row] } = await db.run('select external_account_id from public.integrations where id = $1', [integration])
    await db.run(`insert into public.audit_log (organization_id, actor_type, action) values ($1, 'system', 'scan.completed')`, [id])
    sides.push({ organization: id, owner, integration, account: String(row?.external_account_id), key: await newKey(db.run, id) })
  }
  const [first, second] = sides
  if (!first || !second) throw new Error('There are two')
  await db.run('delete from public.integrations where id <> all ($1)', [[first.integration, second.integration]])
  await db.run('update public.integrations set refresh_due_at = now()')
  await db.run(`insert into public.webhook_receipts (provider, delivery_id, events) select i.integration_type, i.id,
    jsonb_build_array(jsonb_build_object('what', 'permissions', 'account_id', i.external_account_id, 'facts', '{}'::jsonb)) from public.integrations i`)
  return { first, second, ...await newScan(db, first), ...await newRefresh(db, second), pending: await newPending(db, first) }
}

async function newScan(db: TestDatabase, { organization, integration }: Side) {
  const [assessment, resource] = [randomUUID(), await newResource(db.run, integration, organization)]
  const listed = await newResource(db.run, integration, organization)
  await db.run(`insert into public.assessments (id, organization_id, integration_id, trigger, status, lease_owner, started_at) values ($1, $2, $3, 'manual', 'running', 'w', clock_timestamp())`, [assessment, organization, integration])
  await db.run('update public.integration_resources set listed_in = $2 where id = $1', [listed, assessment])
  await db.run(`insert into public.assessment_results (assessment_id, resource_id, check_id, organization_id, verdict, severity, category, summary, checked_at)
    values ($1, $2, 'rls_enabled', $3, 'pass', 'high', 'rls', 'x', now())`, [assessment, resource, organization])
  await db.run(`insert into public.findings (organization_id, integration_id, resource_id, check_id, severity, category, summary, first_seen_at, last_seen_at)
    values ($1, $2, $3, 'rls_enabled', 'high', 'rls', 'x', now(), now())`, [organization, integration, resource])
  await db.run(`insert into public.integration_signals (resource_id, kind, organization_id, integration_id, seen_at) values ($3, 'backend', $1, $2, '-infinity')`, [organization, integration, resource])
  return { assessment, resource }
}

async function newRefresh(db: TestDatabase, { organization, integration }: Side) {
  const [journal, retiredKey] = [randomUUID(), '00000000']
  await db.run(`update public.integrations set refresh_lease_owner = 'me', refresh_lease_until = now(), webhook_scan_due_at = now() where id = $1`, [integration])
  await db.run(`insert into public.refresh_journal (id, integration_id, organization_id, slot, version, owner, state) values ($1, $2, $3, 'main', 1, 'me', 'sent')`, [journal, integration, organization])
  await db.run(`insert into public.organization_keys (organization_id, key_id, wrapped, kek_id, retired_at) values ($1, $2, $3, $4, '2026-01-01')`, [organization, retiredKey, ciphertext(), kek])
  await db.run('insert into public.key_encryption_keys (kek_id, encryptions) values ($1, 1)', [kek])
  return { journal, retiredKey }
}

async function newPending(db: TestDatabase, { organization, owner, account }: Side): Promise<string> {
  const { rows: [row] } = await db.run(`insert into public.pending_connections (organization_id, user_id, integration_type, external_account_id, external_account_name, config)
    values ($1, $2, 'supabase', $3, 'Account', '{}') returning id`, [organization, owner, account])
  return String(row?.id)
}
