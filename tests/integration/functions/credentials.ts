import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, type Row, type TestDatabase } from '../../support/database.ts'
import { ciphertext, newIntegration, newOrganization, sha256, type Seeded } from '../../support/organizations.ts'

/** store_connection, and states that are used once. */
export function credentials(database: () => TestDatabase): void {
  let db: TestDatabase
  let acme: Pick<Seeded, 'id' | 'owner'>
  let id: string
  beforeEach(async () => {
    db = database()
    acme = await newOrganization(db.run)
    id = await newIntegration(db.run, acme.id)
  })

  const call = async (sql: string, values: unknown[]) => (await db.as(service, run => run(`select ${sql} as outcome`, values))).rows[0]?.outcome
  const entry = (action: string) => JSON.stringify({ actor_type: 'user', actor_id: acme.owner, action })
  const audit = async () => (await db.run('select action, actor_id from public.audit_log where organization_id = $1 order by seq', [acme.id])).rows
  const since = '2020-01-01T00:00:00Z'
  const row = async (which = id): Promise<Row> => (await db.run('select * from public.integrations where id = $1', [which])).rows[0] ?? {}

  describe('store_connection', () => {
    const connection = (fields: Row = {}) => ({
      id: randomUUID(), organization_id: acme.id, integration_type: 'supabase', name: 'Supabase', config: { access_token: ciphertext() }, scan_schedule: '0 6 * * *',
      next_check_at: '2030-01-01T00:00:00Z', external_account_id: randomUUID(), external_account_name: 'Acme', sandbox: false, refresh_due_at: '2030-01-01T00:00:00Z', connected_by: acme.owner, ...fields,
    })
    const resources = ['a', 'b'].map(name => ({ kind: 'project', external_id: name, name, metadata: {} }))
    const store = (fields: Row, version: number | null, list: object[] = resources) =>
      call('public.store_connection($1::text::jsonb, $2::text::jsonb, $4::text::jsonb, $5::text::timestamptz, $3::bigint)',
        [JSON.stringify(fields), JSON.stringify(list), version, entry('integration.connected'), since])
    const resourcesOf = async (which: unknown) => (await db.run('select external_id, enabled, missing_since is not null as missing from public.integration_resources where integration_id = $1 order by 1', [which])).rows

    it('stores integration, resources and the first assessment together', async () => {
      const fields = connection()
      const assessment = await store(fields, null)
      expect(await row(fields.id)).toMatchObject({ status: 'active', organization_id: acme.id, config: fields.config })
      expect(await resourcesOf(fields.id)).toHaveLength(2)
      expect((await db.run('select id, trigger, status, requested_by from public.assessments where integration_id = $1', [fields.id])).rows)
        .toEqual([{ id: assessment, trigger: 'connect', status: 'queued', requested_by: acme.owner }])
      expect(await audit()).toEqual([{ action: 'integration.connected', actor_id: acme.owner }])
    })

    it('stores nothing of it when one part is refused', async () => {
      const fields = connection()
      expect((await refusal(store(fields, null, [...resources, { kind: 'NOT A KIND', external_id: 'c', name: 'c' }]))).code).toBe('23514')
      expect(await row(fields.id)).toEqual({})
      for (const field of ['access_token', 'refresh_token', 'user_access_token', 'user_refresh_token']) {
        expect((await refusal(store(connection({ config: { access_token: ciphertext(), [field]: 'sbp_clear' } }), null))).code, field).toBe('23514')
      }
    })

    it('says that somebody was faster when the account is connected already', async () => {
      const first = connection()
      const second = connection({ external_account_id: first.external_account_id })
      const outcomes = await Promise.all([store(first, null), store(second, null)])
      expect(outcomes.filter(outcome => outcome === null)).toHaveLength(1)
      expect((await db.run('select id from public.integrations where external_account_id = $1', [first.external_account_id])).count).toBe(1)
    })

    it('is the same account in another organization, or at the stand-in: another connection', async () => {
      const first = connection()
      await store(first, null)
      const other = await newOrganization(db.run)
      expect(await store(connection({ external_account_id: first.external_account_id, organization_id: other.id, connected_by: other.owner }), null)).not.toBeNull()
      expect(await store(connection({ external_account_id: first.external_account_id, sandbox: true }), null)).not.toBeNull()
    })

    it('reconnects the version that was read, once, and takes a running refresh its claim', async () => {
      const fields = connection()
      await store(fields, null)
      await db.run(`update public.integrations set status = 'error', last_error = '{"class": "dead_grant"}', name = 'Ours', refresh_lease_owner = 'w', refresh_lease_until = now() + '1 h',
        refresh_failures = 3, refresh_slot = 'user' where id = $1`, [fields.id])
      const again = { ...fields, config: { access_token: ciphertext(), refresh_token: null } }
      const outcomes = await Promise.all([store(again, 1), store(again, 1)])
      expect(outcomes.filter(outcome => outcome === null)).toHaveLength(1)
      expect(await row(fields.id)).toMatchObject({ status: 'active', last_error: null, name: 'Ours', version: expect.anything() as unknown, config: again.config, refresh_lease_owner: null, refresh_failures: 0, refresh_slot: 'main' })
      expect(Number((await row(fields.id)).version)).toBe(2)
    })

    it('keeps a pause, for which no scan is started, and ends an error', async () => {
      const fields = connection()
      const first = await store(fields, null)
      const assessments = async () => (await db.run('select id, status from public.assessments where integration_id = $1', [fields.id])).rows
      for (const [version, was, is] of [[1, 'paused', 'paused'], [2, 'error', 'active']] as const) {
        await db.run(`update public.assessments set status = 'completed' where integration_id = $1`, [fields.id])
        await db.run(`update public.integrations set status = $2, last_error = '{"class": "x"}' where id = $1`, [fields.id, was])
        const outcome = await store(fields, version)
        expect(await row(fields.id)).toMatchObject({ status: is, last_error: null })
        if (was === 'paused') expect([outcome, await assessments()]).toEqual([first, [{ id: first, status: 'completed' }]])
        else expect(await assessments()).toContainEqual({ id: outcome, status: 'queued' })
      }
    })

    it('does not touch another organization\'s, whatever it is told', async () => {
      const other = await newOrganization(db.run)
      const before = await row()
      expect(await store(connection({ id, organization_id: other.id }), Number(before.version))).toBeNull()
      expect(await row()).toEqual(before)
      expect((await db.run('select 1 from public.assessments where integration_id = $1', [id])).count).toBe(0)
    })

    it('keeps switches, marks what is gone, and unmarks what comes back', async () => {
      const fields = connection()
      await store(fields, null)
      await db.run(`update public.integration_resources set enabled = false where integration_id = $1 and external_id = 'a'`, [fields.id])
      await call('public.sync_resources($1, $2, $3::text::jsonb)', [fields.id, acme.id, JSON.stringify([resources[1], { kind: 'project', external_id: 'c', name: 'c' }])])
      expect(await resourcesOf(fields.id)).toEqual([
        { external_id: 'a', enabled: false, missing: true }, { external_id: 'b', enabled: true, missing: false }, { external_id: 'c', enabled: true, missing: false }])
      await call('public.sync_resources($1, $2, $3::text::jsonb)', [fields.id, acme.id, JSON.stringify(resources)])
      expect((await resourcesOf(fields.id)).map(one => [one.external_id, one.enabled, one.missing])).toEqual([['a', false, false], ['b', true, false], ['c', true, true]])
    })

    it('keeps a kind of which nothing is listed any more', async () => {
      const fields = connection()
      await store(fields, null)
      await call('public.sync_resources($1, $2, $3::text::jsonb)', [fields.id, acme.id, JSON.stringify([{ kind: 'team', external_id: 't', name: 't' }])])
      expect((await resourcesOf(fields.id)).map(one => [one.external_id, one.missing])).toEqual([['a', false], ['b', false], ['t', false]])
    })
  })

  describe('store_pending_connection', () => {
    const config = () => ({ access_token: ciphertext(), refresh_token: ciphertext() })
    const hold = async (expiresIn = '10 minutes', closed = false) => String((await db.run(`
      insert into public.pending_connections (organization_id, user_id, integration_type, wanted_integration_id, external_account_id, external_account_name, config, expires_at, closed_at)
      values ($1, $2, 'supabase', $3, 'other', 'Other', $4::text::jsonb, now() + $5::text::interval, case when $6::boolean then now() end) returning id`,
    [acme.id, acme.owner, id, JSON.stringify(config()), expiresIn, closed])).rows[0]?.id)
    const fields = () => ({
      id: randomUUID(), organization_id: acme.id, integration_type: 'supabase', name: 'Other', config: config(), scan_schedule: '0 6 * * *',
      next_check_at: '2030-01-01T00:00:00Z', external_account_id: 'other', external_account_name: 'Other', sandbox: false, refresh_due_at: '2030-01-01T00:00:00Z', connected_by: acme.owner,
    })
    const confirm = (pending: string, integration: Row = fields(), version: number | null = null) =>
      call(`public.store_pending_connection($1, $2::text::jsonb, '[]', $4::text::jsonb, $5::text::timestamptz, $3::bigint)`, [pending, JSON.stringify(integration), version, entry('integration.connected'), since])
    const waits = async (pending: string) => (await db.run('select 1 from public.pending_connections where id = $1', [pending])).count === 1
    const stored = async () => (await db.run(`select id from public.integrations where organization_id = $1 and external_account_id = 'other'`, [acme.id])).count

    it('stores once what waited, and then it waits no more', async () => {
      const pending = await hold()
      const outcomes = await Promise.all([confirm(pending), confirm(pending), confirm(pending)])
      expect(outcomes.filter(outcome => outcome !== null)).toHaveLength(1)
      expect([await stored(), await waits(pending)]).toEqual([1, false])
    })

    it.each([['expired', '-1 second', false], ['closed', '10 minutes', true]] as const)('stores nothing that is %s', async (_, expiresIn, closed) => {
      const pending = await hold(expiresIn, closed)
      expect(await confirm(pending)).toBeNull()
      expect([await stored(), await waits(pending)]).toEqual([0, true])
      expect(await confirm(randomUUID())).toBeNull()
    })

    it('goes on waiting when somebody was faster at the integration', async () => {
      const pending = await hold()
      const { external_account_id } = await row()
      expect(await confirm(pending, { ...fields(), id, external_account_id }, 77)).toBeNull()
      expect(await waits(pending)).toBe(true)
    })

    it('takes no clear token, and outlives integration and person', async () => {
      for (const field of ['access_token', 'refresh_token']) {
        expect((await refusal(db.run(`insert into public.pending_connections (organization_id, integration_type, external_account_id, external_account_name, config)
          values ($1, 'supabase', 'x', 'x', $2::text::jsonb)`, [acme.id, JSON.stringify({ [field]: 'sbp_clear' })]))).code).toBe('23514')
      }
      const pending = await hold()
      await db.run('delete from public.integrations where id = $1', [id])
      await db.run('delete from auth.users where id = $1', [acme.owner])
      const { rows } = await db.run('select organization_id, wanted_integration_id, user_id from public.pending_connections where id = $1', [pending])
      expect(rows).toEqual([{ organization_id: acme.id, wanted_integration_id: null, user_id: null }])
    })
  })

  it('uses a state once, however many come at once', async () => {
    const hash = sha256(randomUUID())
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => call('public.use_oauth_state($1)', [hash])))
    expect(outcomes.filter(Boolean)).toHaveLength(1)
  })
}
