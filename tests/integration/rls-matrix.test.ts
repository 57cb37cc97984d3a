/**
 * Who may do what to which rows, statement by statement, in a real Postgres and in PGlite. Each line below is one table
 * and one verb; each letter is one caller. A table that is not here fails the suite.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnsOf, publicTables, readGrants } from '../support/catalogue.ts'
import { anon, openDatabase, refusal, service, user, type Identity, type TestDatabase } from '../support/database.ts'
import { newUser, seedOrganization, sha256, type Seeded } from '../support/organizations.ts'

type Verb = 'select' | 'insert' | 'update' | 'delete'
interface Statements { rows: string, insert: string, set: string }

/**
 * anon, member, admin, owner, another organization's admin, service.
 * x: no privilege. p: the policy refuses the new row. -: no row is touched. +: it is done.
 */
const matrix: Record<string, Record<Verb, string>> = {
  organizations: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  user_organizations: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  // What a person changes goes through functions, which write its audit entry.
  invitations: { select: 'x-++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  integrations: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  integration_resources: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  integration_signals: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  assessments: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  assessment_results: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  findings: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  audit_log: { select: 'x-++-+', insert: 'xxxxx+', update: 'xxxxxx', delete: 'xxxxxx' },
  audit_heads: { select: 'x-++-+', insert: 'xxxxxx', update: 'xxxxxx', delete: 'xxxxxx' },
  api_keys: { select: 'x-++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  pending_connections: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  used_oauth_states: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxxx', delete: 'xxxxx+' },
  installation_endings: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  disconnect_receipts: { select: 'x-++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxxx' },
  webhook_receipts: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  signing_keys: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxxx' },
  refresh_journal: { select: 'x+++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  organization_keys: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  key_encryption_keys: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxxx' },
  // There is one at most, and not here.
  installation_secrets: { select: 'xxxxx-', insert: 'xxxxx+', update: 'xxxxx-', delete: 'xxxxxx' },
  key_rotations: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxxx' },
  // The database's own trigger writes it.
  health_changes: { select: 'x+++-+', insert: 'xxxxxx', update: 'xxxxx+', delete: 'xxxxxx' },
  calendar_feeds: { select: 'x-++-+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  rate_buckets: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  rate_shares: { select: 'xxxxx+', insert: 'xxxxx+', update: 'xxxxx+', delete: 'xxxxx+' },
  // A view without rows: what is inserted comes back with an answer.
  credential_uses: { select: 'xxxxx-', insert: 'xxxxx+', update: 'xxxxxx', delete: 'xxxxxx' },
}

/** Every privilege of anybody but the owner of the tables. */
const all = ['service_role delete', 'service_role insert', 'service_role select', 'service_role update']
const grants: Record<string, string[]> = {
  organizations: ['authenticated select', ...all],
  user_organizations: ['authenticated select', ...all],
  invitations: ['authenticated select (accepted_at, created_at, email, expires_at, id, invited_by, organization_id, role)', ...all],
  integrations: ['authenticated select (config_metadata, connected_by, created_at, external_account_id, external_account_name, health_reason, health_since, health_state, id, integration_type, last_checked_at, last_error, last_success_at, name, next_check_at, organization_id, refresh_due_at, sandbox, scan_new_resources, scan_schedule, status, updated_at)', ...all],
  integration_resources: ['authenticated select', ...all],
  integration_signals: all,
  assessments: ['authenticated select (counts, created_at, error, finished_at, id, integration_id, notice, organization_id, paused_until, progress_done, progress_total, requested_by, score, started_at, status, trigger)', ...all],
  assessment_results: ['authenticated select', ...all],
  findings: ['authenticated select', ...all],
  audit_log: ['authenticated select', 'service_role insert', 'service_role select'],
  audit_heads: ['authenticated select', 'service_role select'],
  api_keys: ['authenticated select (created_at, created_by, id, last_used_at, name, organization_id, revoked_at, role)', ...all],
  pending_connections: all,
  installation_endings: all,
  used_oauth_states: ['service_role delete', 'service_role insert', 'service_role select'],
  disconnect_receipts: ['authenticated select', 'service_role insert', 'service_role select', 'service_role update (signature)'],
  webhook_receipts: all,
  signing_keys: ['service_role insert', 'service_role select', 'service_role update'],
  refresh_journal: ['authenticated select', ...all],
  organization_keys: all,
  key_encryption_keys: ['service_role insert', 'service_role select', 'service_role update'],
  installation_secrets: ['service_role insert', 'service_role select', 'service_role update (wrapped)'],
  key_rotations: ['service_role insert', 'service_role select', 'service_role update'],
  health_changes: ['authenticated select (alert, at, from_reason, from_state, id, integration_id, organization_id, reason, to_state)',
    'service_role select', 'service_role update (delivered_at, delivery_attempts, delivery_due_at)'],
  calendar_feeds: ['authenticated select (created_at, created_by, id, last_read_at, organization_id)', ...all],
  credential_uses: ['service_role insert', 'service_role select'],
  rate_buckets: all,
  rate_shares: all,
}

/** Columns that no signed-in person can read, whatever their role. */
const unreadable: Record<string, string[]> = {
  integrations: ['config', 'version', 'refresh_lease_owner', 'refresh_lease_until', 'credential_key_id', 'refresh_slot', 'refresh_failures', 'connected_at', 'provider_state', 'provider_state_at', 'webhook_scan_due_at', 'exposure'],
  integration_signals: ['resource_id', 'kind', 'organization_id', 'integration_id', 'facts', 'unknown', 'seen_at'],
  invitations: ['token_hash'],
  assessments: ['lease_owner', 'lease_until', 'listed_at', 'paused_seconds', 'resource_cursor'],
  api_keys: ['key_hash'],
  pending_connections: ['id', 'organization_id', 'user_id', 'integration_type', 'sandbox', 'wanted_integration_id', 'external_account_id', 'external_account_name', 'config', 'resources', 'created_at', 'expires_at', 'closed_at'],
  used_oauth_states: ['state_hash', 'used_at'],
  webhook_receipts: ['provider', 'delivery_id', 'received_at', 'id', 'sandbox', 'events', 'processed_at'],
  signing_keys: ['kid', 'public_jwk', 'endorsement', 'first_used_at'],
  organization_keys: ['organization_id', 'key_id', 'wrapped', 'kek_id', 'encryptions', 'created_at', 'retired_at'],
  key_encryption_keys: ['kek_id', 'encryptions', 'first_used_at'],
  installation_secrets: ['name', 'wrapped', 'created_at'],
  key_rotations: ['id', 'started_at', 'finished_at'],
  health_changes: ['delivered_at', 'delivery_attempts', 'delivery_due_at'],
  calendar_feeds: ['token_hash'],
  credential_uses: ['integration_id', 'audit', 'fresh_until', 'credential'],
  installation_endings: ['id', 'integration_type', 'external_account_id', 'sandbox', 'ended_at'],
  rate_buckets: ['key', 'calls', 'window_seconds', 'window_number', 'started_at', 'resets_at', 'phase', 'remaining', 'blocked_until'],
  rate_shares: ['key', 'organization_id', 'window_number', 'taken', 'wants_until'],
}

/** `actor`: who asks. `stranger`: who belongs to no organization. */
function statements(a: Seeded, actor: string, stranger: string): Record<string, Statements> {
  const mine = `organization_id = '${a.id}'`
  const hash = sha256(randomUUID())
  const insert = (columns: string, values: string) => `(${columns}) values (${values})`
  return {
    organizations: { rows: `id = '${a.id}'`, insert: insert('name', `'New'`), set: `name = 'Renamed'` },
    user_organizations: { rows: `${mine} and role = 'member'`, insert: insert('organization_id, user_id, role', `'${a.id}', '${stranger}', 'admin'`), set: `role = 'admin'` },
    invitations: { rows: mine, insert: insert('organization_id, email, role, token_hash, invited_by', `'${a.id}', 'x@example.com', 'admin', '${hash}', '${actor}'`), set: `role = 'admin'` },
    integrations: { rows: mine, insert: insert('organization_id, integration_type, name, scan_schedule, external_account_id, external_account_name', `'${a.id}', 'slack', 'x', '0 6 * * *', 'x', 'x'`), set: `name = 'x'` },
    integration_resources: { rows: mine, insert: insert('integration_id, organization_id, kind, external_id, name', `'${a.integration}', '${a.id}', 'project', 'x', 'x'`), set: 'enabled = false' },
    integration_signals: { rows: mine, insert: insert('resource_id, kind, organization_id, integration_id, seen_at', `'${a.resource}', 'another', '${a.id}', '${a.integration}', now()`), set: `unknown = 'x'` },
    assessments: { rows: mine, insert: insert('organization_id, integration_id, trigger', `'${a.id}', '${a.integration}', 'manual'`), set: 'score = 100' },
    assessment_results: { rows: mine, insert: insert('assessment_id, resource_id, check_id, organization_id, verdict, severity, category, summary, checked_at', `'${a.assessment}', '${a.resource}', 'x', '${a.id}', 'pass', 'low', 'x', 'x', now()`), set: `verdict = 'pass'` },
    findings: { rows: mine, insert: insert('organization_id, integration_id, resource_id, check_id, severity, category, summary, first_seen_at, last_seen_at', `'${a.id}', '${a.integration}', '${a.resource}', 'x', 'low', 'x', 'x', now(), now()`), set: `status = 'resolved', resolved_at = now()` },
    audit_log: { rows: mine, insert: insert('organization_id, actor_type, action', `'${a.id}', 'user', 'integration.removed'`), set: `actor_email = 'x'` },
    audit_heads: { rows: mine, insert: insert('organization_id, seq, hash, at', `'${stranger}', 1, '${hash}', now()`), set: 'seq = 1' },
    api_keys: { rows: mine, insert: insert('organization_id, name, key_hash, role', `'${a.id}', 'x', '${hash}', 'admin'`), set: `role = 'admin'` },
    pending_connections: { rows: mine, insert: insert('organization_id, user_id, integration_type, external_account_id, external_account_name, config', `'${a.id}', '${actor}', 'slack', 'x', 'x', '{}'`), set: 'closed_at = now()' },
    installation_endings: { rows: `external_account_id = '${a.id}'`, insert: insert('integration_type, external_account_id, sandbox, ended_at', `'slack', 'x', false, now()`), set: 'ended_at = now()' },
    used_oauth_states: { rows: `state_hash = '${sha256(a.id)}'`, insert: insert('state_hash', `'${hash}'`), set: 'used_at = now()' },
    disconnect_receipts: { rows: mine, insert: insert('organization_id, integration_id, integration_type, name, payload', `'${a.id}', '${a.integration}', 'slack', 'x', '{}'`), set: `signature = '{}'` },
    webhook_receipts: { rows: `delivery_id = '${a.id}'`, insert: insert('provider, delivery_id', `'github', '${hash}'`), set: 'received_at = now()' },
    signing_keys: { rows: 'true', insert: insert('kid, public_jwk, endorsement', `'${hash.slice(21)}', '{}', '{}'`), set: 'first_used_at = now()' },
    refresh_journal: { rows: mine, insert: insert('integration_id, organization_id, slot, version, owner', `'${a.integration}', '${a.id}', 'main', 2, 'x'`), set: `state = 'failed'` },
    organization_keys: { rows: mine, insert: insert('organization_id, key_id, wrapped, kek_id, retired_at', `'${a.id}', '00000000', 'kms:x', 'kms:x', now()`), set: 'encryptions = 1' },
    key_encryption_keys: { rows: `kek_id = '${a.id}'`, insert: insert('kek_id', `'${hash}'`), set: 'encryptions = 2' },
    installation_secrets: { rows: `name = 'root'`, insert: insert('name, wrapped', `'root', 'kms:x'`), set: `wrapped = 'kms:y'` },
    key_rotations: { rows: `id = '${a.id}'`, insert: 'default values', set: 'finished_at = now()' },
    health_changes: { rows: mine, insert: insert('integration_id, organization_id, to_state, reason', `'${a.integration}', '${a.id}', 'healthy', 'ok'`), set: 'delivered_at = now()' },
    credential_uses: { rows: 'true', insert: insert('integration_id', `'${a.integration}'`), set: `audit = '{}'` },
    rate_buckets: { rows: `key = 'bucket:${sha256(a.id).slice(32)}'`, insert: insert('key, window_seconds, started_at, resets_at', `'bucket:${hash.slice(32)}', 60, now(), now()`), set: 'blocked_until = now()' },
    rate_shares: { rows: mine, insert: insert('key, organization_id, window_number, wants_until', `'bucket:${sha256(a.id).slice(32)}', '${spare}', 1, now()`), set: 'taken = 1' },
    calendar_feeds: { rows: mine, insert: insert('organization_id, created_by, token_hash', `'${spare}', '${actor}', '${hash}'`), set: 'last_read_at = now()' },
  }
}

/** A column of the key: readable wherever anything of the row is. */
const keys: Record<string, string> = { audit_heads: 'organization_id', signing_keys: 'kid', user_organizations: 'user_id', assessment_results: 'check_id', used_oauth_states: 'state_hash', webhook_receipts: 'delivery_id', organization_keys: 'key_id', key_encryption_keys: 'kek_id', installation_secrets: 'name', credential_uses: 'integration_id', integration_signals: 'kind', rate_buckets: 'key', rate_shares: 'key' }

let db: TestDatabase
let acme: Seeded
let stranger: string
/** Of the same owner and admin, without a row of its own: an organization has one calendar. */
const spare = randomUUID()
let callers: Identity[]

beforeAll(async () => {
  db = await openDatabase()
  acme = await seedOrganization(db.run)
  stranger = await newUser(db.run)
  const other = await seedOrganization(db.run)
  await db.run(`insert into public.organizations (id, name) values ($1, 'Spare')`, [spare])
  await db.run(`insert into public.user_organizations (organization_id, user_id, role) values ($1, $2, 'owner'), ($1, $3, 'admin')`, [spare, acme.owner, acme.admin])
  callers = [anon, user(acme.member), user(acme.admin), user(acme.owner), user(other.admin), service]
})
afterAll(() => db?.close())

async function outcome(who: Identity, table: string, verb: Verb): Promise<string> {
  const { rows, insert, set } = statements(acme, who.userId ?? acme.owner, stranger)[table] ?? { rows: 'false', insert: '', set: '' }
  const sql = {
    select: `select ${keys[table] ?? 'id'} from public.${table} where ${rows}`,
    insert: `insert into public.${table} ${insert}`,
    update: `update public.${table} set ${set} where ${rows}`,
    delete: `delete from public.${table} where ${rows}`,
  }[verb]
  try {
    return (await db.tryAs(who, run => run(sql))).count > 0 ? '+' : '-'
  }
  catch (error) {
    // 55000: a view that nobody can update or delete from.
    if (!(error instanceof Error && 'code' in error && ['42501', '55000'].includes(String(error.code)))) throw error
    return error.message.includes('row-level security') ? 'p' : 'x'
  }
}

describe('every table × caller × verb', () => {
  it('has an entry for every table', async () => {
    const unknown = (await publicTables(db.run)).filter(table => !(table in matrix) || !(table in grants))
    expect(unknown, `To fix: say in tests/integration/rls-matrix.test.ts who may do what with ${unknown.join(', ')}.`).toEqual([])
  })

  describe.each(Object.entries(matrix))('%s', (table, verbs) => {
    it.each(Object.entries(verbs) as [Verb, string][])('%s: %s', async (verb, expected) => {
      const seen = []
      for (const who of callers) seen.push(await outcome(who, table, verb))
      expect(seen.join('')).toBe(expected)
    })
  })
})

describe('privileges', () => {
  it('are exactly these', async () => expect(await readGrants(db.run)).toEqual(grants))

  it('keep the secret columns from every signed-in person', async () => {
    const seen: Record<string, string[]> = {}
    for (const table of await publicTables(db.run)) {
      for (const column of await columnsOf(db.run, table)) {
        const attempts = await Promise.allSettled([acme.member, acme.admin, acme.owner].map(id => db.tryAs(user(id), run => run(`select ${column} from public.${table}`))))
        const refused = attempts.filter(attempt => attempt.status === 'rejected').length
        expect([0, 3]).toContain(refused)
        if (refused) (seen[table] ??= []).push(column)
      }
    }
    for (const [table, columns] of Object.entries(unreadable)) expect(seen[table]?.sort()).toEqual([...columns].sort())
    expect(Object.keys(seen).sort()).toEqual(Object.keys(unreadable).sort())
  })

  it.each(['config', 'refresh_lease_owner'])('refuse %s in a condition or an order, too', async (column) => {
    const ask = (sql: string) => refusal(db.tryAs(user(acme.owner), run => run(sql)))
    expect((await ask(`select id from public.integrations where ${column}::text like '%a%'`)).code).toBe('42501')
    expect((await ask(`select id from public.integrations order by ${column}`)).code).toBe('42501')
    expect((await ask('select * from public.integrations')).code).toBe('42501')
    expect((await ask('select i from public.integrations i')).code).toBe('42501')
    expect((await ask('update public.integrations set name = name returning config')).code).toBe('42501')
  })

  it('leave the other schemas alone', async () => {
    const { rows } = await db.run(`
      select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace,
        unnest(array['anon', 'authenticated']) as role
      where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('public', 'pg_catalog', 'information_schema', 'pg_toast')
        and has_schema_privilege(role, n.oid, 'usage')
        and has_table_privilege(role, c.oid, 'select, insert, update, delete, truncate, references, trigger')`)
    expect(rows).toEqual([])
    const { rows: defaults } = await db.run(`select defaclobjtype from pg_default_acl d join pg_namespace n on n.oid = d.defaclnamespace where n.nspname = 'public'`)
    expect(defaults).toEqual([])
  })

  it('cannot be escaped by naming another row', async () => {
    const stolen = await refusal(db.tryAs(user(acme.admin), run => run(`update public.integration_resources set organization_id = gen_random_uuid()`)))
    expect(stolen.code).toBe('42501')
    const invite = `select * from public.create_invitation($1, 'x@example.com', 'member', $2)`
    expect((await db.tryAs(user(acme.admin), run => run(invite, [acme.id, sha256('x')]))).count).toBe(1)
    expect(await refusal(db.tryAs(user(stranger), run => run(invite, [acme.id, sha256('x')])))).toMatchObject({ code: 'P0001', message: 'forbidden' })
  })
})

describe('the shape of the schema', () => {
  const faults = async (sql: string) => (await db.run(sql)).rows.map(row => Object.values(row).join(' '))
  const tables = `pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public' and c.relkind in ('r', 'p')`

  it('has row level security enabled and forced on every table', async () => {
    const bare = await faults(`select c.relname from ${tables} where not (c.relrowsecurity and c.relforcerowsecurity)`)
    expect(bare, 'To fix: alter table ... enable row level security; alter table ... force row level security;').toEqual([])
  })

  it('has every policy for authenticated only, and both conditions on updates', async () => {
    const policies = `pg_policies where schemaname = 'public'`
    expect(await faults(`select count(*) from ${policies}`)).not.toEqual(['0'])
    expect(await faults(`select tablename, policyname from ${policies} and roles <> '{authenticated}'`), 'To fix: say `to authenticated`').toEqual([])
    expect(await faults(`select tablename, policyname from ${policies} and cmd in ('UPDATE', 'ALL') and (qual is null or with_check is null)`), 'To fix: say `using` and `with check`').toEqual([])
    expect(await faults(`select tablename, policyname from ${policies} and permissive <> 'PERMISSIVE'`)).toEqual([])
  })

  it('has an index behind every foreign key', async () => {
    const bare = await faults(`
      select con.conrelid::regclass::text, con.conname from pg_constraint con join pg_class c on c.oid = con.conrelid
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      where con.contype = 'f' and not exists (select from pg_index i where i.indrelid = con.conrelid and i.indpred is null
        and i.indkey[0] = any (con.conkey))`)
    expect(bare, 'To fix: create an index that begins with the foreign key\'s column').toEqual([])
  })

  it('ties every row that hangs on another one to the same organization', async () => {
    // A child that names its organization must reference its parent by (id, organization_id).
    const loose = await faults(`
      select con.conrelid::regclass::text, con.conname from pg_constraint con join pg_class c on c.oid = con.conrelid
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      where con.contype = 'f' and array_length(con.conkey, 1) = 1
        and exists (select from pg_attribute a where a.attrelid = con.confrelid and a.attname = 'organization_id')
        and exists (select from pg_attribute a where a.attrelid = con.conrelid and a.attname = 'organization_id')`)
    expect(loose, 'To fix: foreign key (x_id, organization_id) references x (id, organization_id)').toEqual([])
  })
})

describe('through the data API', () => {
  it('gives nobody more than before, after real traffic', async () => {
    const client = db.client()
    const { data, error } = await client.auth.signUp({ email: `${randomUUID()}@example.com`, password: 'correct horse battery' })
    expect(error).toBeNull()
    const created = await client.rpc('create_organization', { p_name: 'Traffic' })
    expect(created.error).toBeNull()
    expect((await client.from('organizations').select('id')).data).toEqual([{ id: created.data }])
    expect((await client.from('organizations').update({ name: 'More traffic' }).eq('id', created.data ?? '').select('name')).error?.code).toBe('42501')
    expect((await client.from('user_organizations').select('user_id')).data).toEqual([{ user_id: data.user?.id }])
    expect((await client.from('integrations').select('id')).data).toEqual([])

    expect((await client.from('integrations').select('config')).error?.code).toBe('42501')
    expect((await client.from('integrations').select('*')).error?.code).toBe('42501')
    expect((await client.from('integrations').select('id').like('config->>access_token', '%')).error?.code).toBe('42501')
    expect((await client.from('invitations').select('token_hash')).error?.code).toBe('42501')
    expect((await client.from('user_organizations').insert({ user_id: data.user?.id ?? '', organization_id: acme.id, role: 'owner' })).error?.code).toBe('42501')
    expect((await client.from('organizations').select('id, integrations(config)')).error?.code).toBe('42501')
    expect((await db.client().from('organizations').select('id')).error?.code).toBe('42501')

    expect(await readGrants(db.run)).toEqual(grants)
  })

  it('does not reach the private schema, the users or the queue', async () => {
    const client = db.client()
    await client.auth.signUp({ email: `${randomUUID()}@example.com`, password: 'correct horse battery' })
    for (const [schema, table] of [['auth', 'users'], ['private', 'my_role'], ['pgboss', 'job'], ['supabase_migrations', 'schema_migrations']] as const) {
      const { data, error } = await client.schema(schema as 'public').from(table as 'organizations').select('*')
      expect(error, `${schema}.${table}`).not.toBeNull()
      expect(data).toBeNull()
    }
  })
})
