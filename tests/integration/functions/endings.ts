import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, type Row, type TestDatabase } from '../../support/database.ts'
import { ciphertext, newIntegration, newOrganization, type Seeded } from '../../support/organizations.ts'

/** Whose access rests on an account, who may end it, and the lease of a removal. */
export function endings(database: () => TestDatabase): void {
  let db: TestDatabase
  let acme: Pick<Seeded, 'id' | 'owner' | 'admin' | 'member'>
  let account: string
  let id: string
  beforeEach(async () => {
    db = database()
    acme = await newOrganization(db.run)
    account = randomUUID()
    id = await connect(acme.id)
  })

  const rows = async (sql: string, values: unknown[]) => (await db.as(service, run => run(sql, values))).rows
  const call = async (sql: string, values: unknown[]) => (await rows(`select ${sql} as outcome`, values))[0]?.outcome
  const entry = (action: string) => JSON.stringify({ actor_type: 'system', action })
  const audit = async (organization = acme.id) => (await db.run('select action from public.audit_log where organization_id = $1 order by seq', [organization])).rows.map(row => row.action)

  /** An integration of the account. */
  async function connect(organization: string, of = account): Promise<string> {
    const made = await newIntegration(db.run, organization)
    await db.run('update public.integrations set external_account_id = $2 where id = $1', [made, of])
    return made
  }
  const hold = async ({ organization = acme.id, of = account, expiresIn = '10 minutes', closed = false } = {}) => String((await db.run(`
    insert into public.pending_connections (organization_id, user_id, integration_type, external_account_id, external_account_name, config, expires_at, closed_at)
    values ($1, $2, 'supabase', $3, 'Other', $4::text::jsonb, now() + $5::text::interval, case when $6::boolean then now() end) returning id`,
  [organization, acme.owner, of, JSON.stringify({ access_token: ciphertext(), refresh_token: ciphertext() }), expiresIn, closed])).rows[0]?.id)
  const begin = (leaving: { integration?: string, connection?: string } = {}, of: string | null = account, sandbox = false) =>
    call('public.begin_ending(\'supabase\', $1::boolean, 30, $2, $3::uuid, $4::uuid)', [sandbox, of, leaving.integration ?? null, leaving.connection ?? null])

  describe('begin_ending', () => {
    it('is for who leaves as the last one, and remembers it', async () => {
      const ending = await begin({ integration: id })
      expect((await db.run('select integration_type, external_account_id, ended_at > now() as under_way from public.installation_endings where id = $1', [ending])).rows)
        .toEqual([{ integration_type: 'supabase', external_account_id: account, under_way: true }])
      await call('public.finish_ending($1)', [ending])
      expect((await db.run('select ended_at > clock_timestamp() as under_way from public.installation_endings where id = $1', [ending])).rows).toEqual([{ under_way: false }])
    })

    it.each<[string, () => Promise<unknown>, boolean]>([
      ['another organization\'s integration', async () => connect((await newOrganization(db.run)).id), false],
      ['one of another account', async () => connect((await newOrganization(db.run)).id, randomUUID()), true],
      ['a connection that may be confirmed', () => hold(), false],
      ['one that is closed', () => hold({ closed: true }), true],
      ['one that has expired', () => hold({ expiresIn: '-1 second' }), true],
      ['one of another account', () => hold({ of: randomUUID() }), true],
    ])('counts %s: %#', async (_what, other, may) => {
      await other()
      expect(await begin({ integration: id }) !== null).toBe(may)
    })

    it('does not count who leaves, nor the stand-in\'s', async () => {
      expect(await begin()).toBeNull()
      expect(await begin({}, account, true)).not.toBeNull()
      await db.run('delete from public.integrations where id = $1', [id])
      const pending = await hold()
      expect(await begin()).toBeNull()
      expect(await begin({ connection: pending })).not.toBeNull()
    })

    it('of an account that is not known counts all', async () => {
      expect(await begin({}, null)).toBeNull()
    })
  })

  describe('what is about to be stored', () => {
    const config = () => ({ access_token: ciphertext(), refresh_token: ciphertext() })
    const now = async () => String((await db.run('select clock_timestamp()::text as now')).rows[0]?.now)
    const store = async (since: string, of = account) => call('public.store_connection($1::text::jsonb, \'[]\', $2::text::jsonb, $3::text::timestamptz)', [JSON.stringify({
      id: randomUUID(), organization_id: (await newOrganization(db.run)).id, integration_type: 'supabase', name: 'x', config: config(), scan_schedule: '0 6 * * *',
      external_account_id: of, external_account_name: 'x', sandbox: false, refresh_due_at: '2030-01-01T00:00:00Z' }), entry('integration.connected'), since])
    const keep = async (since: string, of = account) => call('public.hold_connection($1::text::jsonb, $2::text::jsonb, $3::text::timestamptz)', [JSON.stringify({
      id: randomUUID(), organization_id: acme.id, user_id: acme.owner, integration_type: 'supabase', external_account_id: of, external_account_name: 'x', sandbox: false, config: config(), resources: [] }), entry('connection.held'), since])

    it.each([['stored', store], ['kept', keep]] as const)('is not %s when all access was ended after the consent, and is when it was before', async (_what, put) => {
      const consent = await now()
      const ending = await begin({ integration: id })
      expect(await refusal(put(consent))).toMatchObject({ code: 'P0001', message: 'access_ended' })
      expect(await refusal(put(await now()))).toMatchObject({ message: 'access_ended' })
      await call('public.finish_ending($1)', [ending])
      expect(await refusal(put(consent))).toMatchObject({ message: 'access_ended' })
      await put(consent, randomUUID())
      await put(await now())
    })

    it('is not stored when the access of an account was ended that nobody knew', async () => {
      await db.run(`insert into public.installation_endings (integration_type, sandbox, ended_at) values ('supabase', false, clock_timestamp() + interval '30 s')`)
      try {
        expect(await refusal(store(await now()))).toMatchObject({ message: 'access_ended' })
      }
      finally {
        await db.run('delete from public.installation_endings where external_account_id is null')
      }
    })

    it('is kept with its entry, or not at all', async () => {
      await keep(await now())
      expect(await audit()).toEqual(['connection.held'])
      const { count } = await db.run('select 1 from public.pending_connections where organization_id = $1', [acme.id])
      expect((await refusal(call('public.hold_connection($1::text::jsonb, $2::text::jsonb, now())', [JSON.stringify({
        id: randomUUID(), organization_id: acme.id, integration_type: 'supabase', external_account_id: account, external_account_name: 'x', sandbox: false, config: config(), resources: [] }), '{}']))).message).toBe('audit_unavailable')
      expect((await db.run('select 1 from public.pending_connections where organization_id = $1', [acme.id])).count).toBe(count)
    })
  })

  describe('a connection that waits', () => {
    const take = (pending: string, noted = entry('credential.used')) => call('public.take_connection($1, $2::text::jsonb)', [pending, noted])
    const close = (pending: string, organization = acme.id, who = acme.owner) => call('public.close_connection($1, $2, $3, $4::text::jsonb)', [pending, organization, who, entry('connection.cancelled')])
    const end = (pending: string, isLeft = false, receipt: Row | null = null) =>
      call('public.end_connection($1, $2::boolean, $3::text::jsonb, $4::text::jsonb)', [pending, isLeft, entry('connection.ended'), receipt && JSON.stringify(receipt)])
    const waits = async (pending: string) => (await db.run('select 1 from public.pending_connections where id = $1', [pending])).count === 1

    it('is opened with an entry, or not at all', async () => {
      const pending = await hold()
      expect(await take(pending)).toMatchObject({ config: { access_token: expect.any(String) as string }, keys: [] })
      expect(await audit()).toEqual(['credential.used'])
      expect((await refusal(take(pending, '{}'))).message).toBe('audit_unavailable')
      expect(await take(randomUUID())).toBeNull()
    })

    it('is closed once, by its own person', async () => {
      const pending = await hold()
      const other = await newOrganization(db.run)
      for (const [organization, who] of [[other.id, acme.owner], [acme.id, acme.admin]] as const) expect(await close(pending, organization, who)).toBe(false)
      expect([await close(pending), await close(pending)]).toEqual([true, false])
      expect(await audit()).toEqual(['connection.cancelled'])
    })

    it('ends with its entry and, where one is given, a receipt', async () => {
      const pending = await hold({ closed: true })
      expect([await end(pending, false, { format: 'x' }), await end(pending), await audit()]).toEqual(['ended', 'gone', ['connection.ended']])
      expect((await db.run('select name, payload from public.disconnect_receipts where integration_id = $1', [pending])).rows).toMatchObject([{ name: 'Other', payload: { format: 'x', deleted: { credentials: 2, resources: 0 } } }])
    })

    it('whose grant was left is to be ended after all when nothing else rests on it any more', async () => {
      const pending = await hold({ closed: true })
      await db.run('delete from public.integrations where id = $1', [id])
      expect([await end(pending, true), await waits(pending), await audit()]).toEqual(['last', true, []])
      await connect(acme.id)
      expect([await end(pending, true), await waits(pending)]).toEqual(['ended', false])
    })
  })

  describe('a removal', () => {
    const take = (owner = 'a', who = acme.owner, organization = acme.id) => rows('select * from public.begin_removal($1, $2, $3, $4, 30)', [id, organization, who, owner])
    const release = (owner: string) => call('public.release_removal($1, $2)', [id, owner])
    const lease = async () => (await db.run('select refresh_lease_owner as owner, refresh_lease_until > clock_timestamp() as held from public.integrations where id = $1', [id])).rows[0]
    const remove = async (version: number, isLeft = false) => (await rows('select outcome from public.remove_integration($1, $2, $3, $4::bigint, $5::boolean, \'{}\', $6::text::jsonb)', [id, acme.id, acme.owner, version, isLeft, entry('integration.removed')]))[0]?.outcome
    const refresh = async () => (await call(`public.begin_refresh($1, 'r', 30, 'main', 1, null)`, [id]) as Row).outcome

    it('takes the lease of refreshes, for an admin, once, and again for itself', async () => {
      expect(await take()).toMatchObject([{ outcome: 'taken' }])
      expect(await take('b')).toMatchObject([{ outcome: 'busy' }])
      expect(await take('a', acme.admin)).toMatchObject([{ outcome: 'taken' }])
      expect([await lease(), await refresh()]).toEqual([{ owner: 'a', held: true }, 'busy'])
    })

    it('waits for a refresh, until its lease runs out', async () => {
      expect(await refresh()).toBe('mine')
      expect(await take()).toMatchObject([{ outcome: 'busy' }])
      await db.run(`update public.integrations set refresh_lease_until = clock_timestamp() - interval '1 ms' where id = $1`, [id])
      expect(await take()).toMatchObject([{ outcome: 'taken' }])
    })

    it('is nobody else\'s, and of nothing that is not there', async () => {
      const other = await newOrganization(db.run)
      for (const [who, organization] of [[acme.member, acme.id], [other.owner, acme.id], [other.owner, other.id], [randomUUID(), acme.id]] as const) expect(await take('x', who, organization)).toEqual([])
      expect(await lease()).toEqual({ owner: null, held: null })
    })

    it('gives back its own lease and no other', async () => {
      await take()
      await release('b')
      expect(await lease()).toMatchObject({ owner: 'a' })
      await release('a')
      expect([await lease(), await refresh()]).toEqual([{ owner: null, held: null }, 'mine'])
    })

    it('deletes the version whose tokens were dealt with, and no other', async () => {
      await db.run('update public.integrations set version = 2 where id = $1', [id])
      expect(await remove(1)).toBe('changed')
      expect([await remove(2), await audit()]).toEqual(['removed', ['integration.removed']])
    })

    it('that left the tokens for others is to end them after all when there are none any more', async () => {
      const other = await connect((await newOrganization(db.run)).id)
      await db.run('delete from public.integrations where id = $1', [other])
      expect(await remove(1, true)).toBe('last')
      await connect((await newOrganization(db.run)).id)
      expect(await remove(1, true)).toBe('removed')
    })

    it('of two who left it to each other, the second is told', async () => {
      const second = await newOrganization(db.run)
      const other = await connect(second.id)
      const removeOther = async () => (await rows('select outcome from public.remove_integration($1, $2, $3, 1, true, \'{}\', $4::text::jsonb)', [other, second.id, second.owner, entry('integration.removed')]))[0]?.outcome
      expect((await Promise.all([remove(1, true), removeOther()])).sort()).toEqual(['last', 'removed'])
    })
  })
}
