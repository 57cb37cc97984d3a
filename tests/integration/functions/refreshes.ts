import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, type Row, type TestDatabase } from '../../support/database.ts'
import { ciphertext, newIntegration, newKey, newOrganization, type Seeded } from '../../support/organizations.ts'

interface Answer { outcome: string, row: Row, journal_id: string | null, uncertain: number, maybe_spent: boolean, reserved: boolean }

/** The steps of a refresh: taken, begun, finished or failed, each in one statement. */
export function refreshes(database: () => TestDatabase): void {
  let db: TestDatabase
  let acme: Pick<Seeded, 'id' | 'owner'>
  let id: string
  let keyId: string
  beforeEach(async () => {
    db = database()
    acme = await newOrganization(db.run)
    keyId = await newKey(db.run, acme.id)
    id = await newIntegration(db.run, acme.id)
  })

  const call = async <T = unknown>(sql: string, values: unknown[]) => (await db.as(service, run => run(`select ${sql} as outcome`, values))).rows[0]?.outcome as T
  const row = async (which = id): Promise<Row> => (await db.run('select * from public.integrations where id = $1', [which])).rows[0] ?? {}
  const versionNow = async () => Number((await row()).version)
  const journal = async (which = id) => (await db.run('select id, state, failure, maybe_spent, version::integer as version, slot, owner, ended_at is not null as ended from public.refresh_journal where integration_id = $1 order by sent_at', [which])).rows
  const audit = async () => (await db.run('select actor_type, action, target_id, detail from public.audit_log where organization_id = $1', [acme.id])).rows
  const leaseRunsOut = () => db.run(`update public.integrations set refresh_lease_until = clock_timestamp() - interval '1 ms' where id = $1`, [id])
  const entry = (action: string) => JSON.stringify({ actor_type: 'system', action, target_type: 'integration', target_id: id, detail: { x: 1 } })

  const begin = (owner: string, { version = 1, failedAt = null as string | null, slot = 'main' } = {}) =>
    call<Answer | null>('public.begin_refresh($1, $2, 30, $3, $4::bigint, $5)', [id, owner, slot, version, failedAt])
  const send = (owner: string, journalId: unknown, version = 1) => call<boolean>('public.send_refresh($1, $2, $3, $4::bigint, 180)', [id, owner, journalId, version])
  /** Begun and sent. */
  async function sent(owner: string, seen: Parameters<typeof begin>[1] = {}) {
    const begun = await begin(owner, seen)
    expect(await send(owner, begun?.journal_id, Number(begun?.row.version))).toBe(true)
    return begun
  }
  /** As store_connection leaves it: another grant, and nobody's lease. */
  const reconnect = () => db.run(`update public.integrations set version = version + 1, last_error = null, status = 'active', refresh_lease_owner = null, refresh_lease_until = null where id = $1`, [id])
  const addUser = () => db.run(`update public.integrations set config = config || jsonb_build_object('user_access_token', $2::text, 'user_refresh_token', $2::text) where id = $1`, [id, ciphertext(keyId)])
  /** A renewal of this slot, from beginning to end. */
  async function renew(slot: string, version: number) {
    const begun = await sent('me', { slot, version })
    expect(await finish('me', begun?.journal_id, version)).toBe('stored')
  }
  const setError = (status: string, error: object | null) => db.run('update public.integrations set status = $2, last_error = $3::text::jsonb where id = $1', [id, status, JSON.stringify(error)])
  const finish = (owner: string, journalId: unknown, version: number, config: Row = { access_token: ciphertext(keyId) }) =>
    call<string>(`public.finish_refresh($1, $2, $3, $4::bigint, $5::text::jsonb, '2031-01-01T00:00:00Z', 'main', $6::text::jsonb)`, [id, owner, journalId, version, JSON.stringify(config), entry('credential.refreshed')])
  const fail = (owner: string, journalId: unknown, version: number, { dead = false, maybeSpent = false, at = '2030-01-01T00:00:00Z', slot = 'main', next = 'main', kind = 'x' } = {}) =>
    call<boolean>(`public.fail_refresh($1, $2, $3, $4::bigint, $5::text::jsonb, $6::boolean, $7::boolean, '2031-01-01T00:00:00Z', $9, $8::text::jsonb)`,
      [id, owner, journalId, version, JSON.stringify({ class: kind, code: 'y', message: 'z', at, call: 'refresh', ...(slot === 'main' ? {} : { slot }) }), dead, maybeSpent, entry('credential.refresh_failed'), next])
  const release = (owner: string, journalId: unknown, due: string | null = null) => call('public.release_refresh($1, $2, $3, $4::timestamptz)', [id, owner, journalId, due])

  interface Wish { which?: string, audit?: string | null, freshUntil?: string | null }
  const wish = ({ which, audit, freshUntil }: Wish) => [which ?? id, audit ?? null, freshUntil ?? null]
  describe.each([
    ['take_credential', (values: Wish) => call<Row | null>('public.take_credential($1, $2::text::jsonb, $3::timestamptz)', wish(values))],
    ['credential_uses', async (values: Wish) => (await db.as(service, run => run(`insert into public.credential_uses (integration_id, audit, fresh_until)
      values ($1, $2::text::jsonb, $3::timestamptz) returning credential`, wish(values)))).rows[0]?.credential as Row | undefined ?? null],
  ])('%s', (_, take) => {
    it('gives the row with its keys, and notes the use', async () => {
      const taken = await take({ audit: entry('credential.used') })
      const { config } = await row()
      expect(taken).toMatchObject({ id, organization_id: acme.id, integration_type: 'supabase', config, version: 1, status: 'active', refresh_slot: 'main', refresh_failures: 0, keys: [{ key_id: keyId, retired: false }], audited: true })
      expect(await audit()).toEqual([{ actor_type: 'system', action: 'credential.used', target_id: id, detail: { x: 1 } }])
    })

    it.each([['2029-12-31T00:00:00Z', true], ['2030-01-01T00:00:00Z', true], ['2030-01-01T00:00:01Z', false]])('notes one that has to live until %s: %s', async (freshUntil, audited) => {
      expect(await take({ audit: entry('credential.used'), freshUntil })).toMatchObject({ audited })
      expect(await audit()).toHaveLength(audited ? 1 : 0)
    })

    it('notes one without an end, however long it has to live', async () => {
      await db.run(`update public.integrations set config = config - 'expires_at' where id = $1`, [id])
      expect(await take({ audit: entry('credential.used'), freshUntil: '2999-01-01T00:00:00Z' })).toMatchObject({ audited: true })
    })

    it('notes nothing when nothing is to be noted, and knows nothing of what is not there', async () => {
      expect(await take({})).toMatchObject({ id, audited: false })
      expect(await take({ which: randomUUID(), audit: entry('credential.used') })).toBeNull()
      expect(await audit()).toEqual([])
    })

    it('gives nothing when the use can\'t be noted', async () => {
      expect(await refusal(take({ audit: JSON.stringify({ actor_type: 'nobody', action: 'credential.used' }) }))).toEqual({ code: 'P0001', message: 'audit_unavailable' })
    })
  })

  describe('begin_refresh', () => {
    it('goes to one of many who ask at once', async () => {
      const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => begin(`w${index}`)))
      expect(answers.map(answer => answer?.outcome).sort()).toEqual(['busy', 'busy', 'busy', 'busy', 'busy', 'mine'])
      expect((await row()).refresh_lease_owner).toBe(`w${answers.findIndex(answer => answer?.outcome === 'mine')}`)
      expect(await journal()).toHaveLength(1)
    })

    it('writes down what is about to be sent, before it is, and that it is not yet', async () => {
      const answer = await begin('a')
      expect(answer).toMatchObject({ outcome: 'mine', uncertain: 0, maybe_spent: false, reserved: true, row: { id, version: 1 } })
      expect(await journal()).toEqual([{ id: answer?.journal_id, state: 'begun', failure: null, maybe_spent: false, version: 1, slot: 'main', owner: 'a', ended: false }])
    })

    it('is due at once, so that the task comes back to it if this process dies', async () => {
      await db.run(`update public.integrations set refresh_due_at = '2030-01-01' where id = $1`, [id])
      await begin('a')
      expect((await db.run('select refresh_due_at <= clock_timestamp() as due from public.integrations where id = $1', [id])).rows).toEqual([{ due: true }])
    })

    it('is busy for everybody, its holder too, until the lease has run out', async () => {
      await begin('a')
      expect([await begin('a'), await begin('b')]).toMatchObject([{ outcome: 'busy' }, { outcome: 'busy' }])
      await leaseRunsOut()
      expect(await begin('b')).toMatchObject({ outcome: 'mine' })
      expect((await row()).refresh_lease_owner).toBe('b')
    })

    it('says newer when somebody renewed it meanwhile, with the new row', async () => {
      const first = await begin('a')
      await finish('a', first?.journal_id, 1)
      expect(await begin('b')).toMatchObject({ outcome: 'newer', row: { version: 2 } })
      expect(await begin('b', { version: 2 })).toMatchObject({ outcome: 'mine' })
    })

    it('says failed when somebody tried meanwhile, and tries again for who has seen that', async () => {
      const first = await begin('a')
      const at = '2030-02-02T00:00:00Z'
      await fail('a', first?.journal_id, 1, { at })
      expect(await begin('b')).toMatchObject({ outcome: 'failed', row: { last_error: { code: 'y' } } })
      expect(await begin('b', { failedAt: at })).toMatchObject({ outcome: 'mine' })
    })

    it('says failed of the same slot\'s renewals only: what the API or another slot\'s has said does not keep anybody from trying', async () => {
      const at = '2030-02-02T00:00:00Z'
      for (const error of [{ slot: 'user', call: 'refresh' }, { call: 'api' }]) {
        await setError('active', { class: 'dead_grant', code: 'x', message: 'x', at, ...error })
        expect(await begin('a')).toMatchObject({ outcome: 'mine' })
        await leaseRunsOut()
      }
      await setError('active', { class: 'passing', code: 'x', message: 'x', at, call: 'refresh' })
      expect(await begin('a')).toMatchObject({ outcome: 'failed' })
      expect(await begin('a', { slot: 'user' })).toMatchObject({ outcome: 'mine' })
    })

    it('goes on with the row of now when another slot was renewed meanwhile', async () => {
      await addUser()
      await renew('main', 1)
      await renew('main', 2)
      expect(await begin('a', { slot: 'user' })).toMatchObject({ outcome: 'mine', row: { version: 3 } })
    })

    it.each([
      ['this slot was', () => renew('user', 2)], ['the grant was replaced', reconnect],
    ])('says newer when another slot was renewed meanwhile and %s, too', async (_, then) => {
      await addUser()
      await renew('main', 1)
      await then()
      await renew('main', 3)
      expect(await begin('a', { slot: 'user' })).toMatchObject({ outcome: 'newer', row: { version: 4 } })
    })

    it('is nothing for an integration that is gone', async () => {
      await db.run('delete from public.integrations where id = $1', [id])
      expect(await begin('a')).toBeNull()
    })
  })

  describe('send_refresh', () => {
    const lease = async () => (await db.run('select extract(epoch from refresh_lease_until - clock_timestamp())::integer as seconds from public.integrations where id = $1', [id])).rows[0]?.seconds
    const states = async () => (await journal()).map(one => one.state)

    it('writes down that it goes out now, and begins the lease anew; asked twice, it says the same', async () => {
      const begun = await begin('a')
      await leaseRunsOut()
      for (let asked = 0; asked < 2; asked++) expect(await send('a', begun?.journal_id)).toBe(true)
      expect(await states()).toEqual(['sent'])
      expect(await lease()).toBeGreaterThan(170)
    })

    it.each([
      ['another holder\'s', async () => void await leaseRunsOut().then(() => begin('b'))],
      ['the same holder\'s, for another attempt', async () => void await leaseRunsOut().then(() => begin('a'))],
      ['nobody\'s, after a reconnect', reconnect],
      ['gone', () => db.run('delete from public.integrations where id = $1', [id])],
    ])('says no when the row is %s', async (_, meanwhile) => {
      const begun = await begin('a')
      await meanwhile()
      const before = await states()
      expect(await send('a', begun?.journal_id)).toBe(false)
      expect(await states()).toEqual(before)
    })
  })

  describe('the journal', () => {
    const again = async () => {
      await leaseRunsOut()
      return begin('next')
    }

    it('takes away an attempt that never was sent: it counts for nothing', async () => {
      await begin('a')
      for (let times = 0; times < 3; times++) expect(await again()).toMatchObject({ outcome: 'mine', uncertain: 0, maybe_spent: false, journal_id: expect.any(String) as string })
      expect((await journal()).map(one => one.state)).toEqual(['begun'])
    })

    const sentAgain = async () => {
      await leaseRunsOut()
      return sent('next')
    }

    it('calls one that was sent and has no result uncertain, and counts them until somebody notes a failure', async () => {
      await sent('a')
      expect(await sentAgain()).toMatchObject({ uncertain: 1, maybe_spent: true })
      const third = await again()
      expect(third).toMatchObject({ uncertain: 2, maybe_spent: true, journal_id: expect.any(String) as string })
      expect(await again()).toMatchObject({ uncertain: 2 })
      expect((await journal()).map(one => [one.state, one.maybe_spent, one.ended])).toEqual([['uncertain', true, true], ['uncertain', true, true], ['begun', false, false]])
      const last = await again()
      expect(await fail('next', last?.journal_id, 1)).toBe(true)
      // It may be spent all the same.
      expect(await begin('later', { failedAt: '2030-01-01T00:00:00Z' })).toMatchObject({ uncertain: 0, maybe_spent: true })
    })

    it('begins anew with each new refresh token, and in each slot', async () => {
      await addUser()
      await sent('a')
      await leaseRunsOut()
      expect(await begin('b', { slot: 'user' })).toMatchObject({ uncertain: 0, maybe_spent: false, row: { refresh_slot: 'user' } })
      await leaseRunsOut()
      const last = await sent('c')
      expect(last).toMatchObject({ uncertain: 1 })
      expect(await finish('c', last?.journal_id, 1)).toBe('stored')
      expect(await begin('d', { version: 2 })).toMatchObject({ uncertain: 0, maybe_spent: false })
    })

    it('does not forget what another slot\'s renewal has left as it was', async () => {
      await addUser()
      await sent('a', { slot: 'user' })
      await leaseRunsOut()
      await renew('main', 1)
      expect(await begin('b', { slot: 'user' })).toMatchObject({ outcome: 'mine', uncertain: 1, maybe_spent: true, row: { version: 2 } })
      // A new grant has another token.
      await reconnect()
      expect(await begin('c', { slot: 'user', version: 3 })).toMatchObject({ uncertain: 0, maybe_spent: false })
    })

    it('says of what a reconnect overtook that it was replaced, and takes away what was never sent', async () => {
      await sent('a')
      await reconnect()
      await begin('b', { version: 2 })
      expect((await journal()).map(one => [one.state, one.version, one.ended])).toEqual([['superseded', 1, true], ['begun', 2, false]])
      await reconnect()
      const last = await sent('c', { version: 3 })
      expect(await finish('c', last?.journal_id, 3)).toBe('stored')
      expect((await journal()).map(one => [one.state, one.version])).toEqual([['superseded', 1], ['stored', 3]])
    })

    it('remembers a failure in which the token may have been spent', async () => {
      const first = await begin('a')
      await fail('a', first?.journal_id, 1, { maybeSpent: true })
      expect(await begin('b', { failedAt: '2030-01-01T00:00:00Z' })).toMatchObject({ uncertain: 0, maybe_spent: true })
      expect((await journal())[0]).toMatchObject({ state: 'failed', failure: { class: 'x', code: 'y' }, maybe_spent: true, ended: true })
    })

    it('has nothing to write without a refresh token', async () => {
      await db.run(`update public.integrations set config = config - 'refresh_token' where id = $1`, [id])
      expect(await begin('a')).toMatchObject({ outcome: 'mine', journal_id: null, uncertain: 0, reserved: true })
      await leaseRunsOut()
      expect(await begin('a', { slot: 'user' })).toMatchObject({ outcome: 'mine', journal_id: null })
      expect(await journal()).toEqual([])
    })

    it('counts the tokens that are about to be encrypted, under the current key', async () => {
      const encryptions = async () => (await db.run('select encryptions::integer as n from public.organization_keys where key_id = $1', [keyId])).rows[0]?.n
      await begin('a')
      expect(await encryptions()).toBe(3)
      await leaseRunsOut()
      await db.run('update public.organization_keys set encryptions = 4294967296 - 2 where key_id = $1', [keyId])
      expect(await begin('b')).toMatchObject({ outcome: 'mine', reserved: false, journal_id: null })
      await leaseRunsOut()
      await db.run('update public.organization_keys set encryptions = 0, retired_at = now() where key_id = $1', [keyId])
      expect(await begin('c')).toMatchObject({ outcome: 'mine', reserved: false, journal_id: null })
      expect(await encryptions()).toBe(0)
    })
  })

  describe('lease_due_refreshes', () => {
    // Types of this test's own: the database is everybody's.
    const newTypes = () => ['a', 'b'].map(letter => `${letter}${randomUUID().replaceAll('-', '').slice(0, 20)}`)
    const lease = (types: string[], limit: number, { owner = 'task', running = types.map(() => 0) } = {}) =>
      db.as(service, run => run('select public.lease_due_refreshes($1, $2, 30, $3::text[], $4::integer[], $5::timestamptz) as one', [owner, limit, `{${types.join(',')}}`, `{${running.join(',')}}`, '2020-01-01T01:00:00Z']))
        .then(({ rows }) => rows.map(one => (one.one as Answer)))
    async function due(type: string, minute: number, failures = 0): Promise<string> {
      const which = await newIntegration(db.run, acme.id)
      await db.run(`update public.integrations set integration_type = $2, refresh_due_at = timestamptz '2020-01-01T00:00:00Z' + make_interval(mins => $3), refresh_failures = $4 where id = $1`, [which, type, minute, failures])
      return which
    }
    const ids = (answers: Answer[]) => answers.map(answer => answer.row.id)

    it('takes what is due, the longest first, as many as asked for, and each once', async () => {
      const [type = ''] = newTypes()
      const [third, first, second] = [await due(type, 3), await due(type, 1), await due(type, 2)]
      await due(type, 61)
      expect(ids(await lease([type], 2))).toEqual([first, second])
      expect(ids(await lease([type], 2))).toEqual([third])
      expect(ids(await lease([type], 2))).toEqual([])
      expect(await row(first)).toMatchObject({ refresh_lease_owner: 'task' })
      expect((await journal(first)).map(one => one.state)).toEqual(['begun'])
    })

    it('leaves what somebody holds, until that lease has run out', async () => {
      const [type = ''] = newTypes()
      const one = await due(type, 1)
      const set = (until: string) => db.run(`update public.integrations set refresh_lease_owner = 'else', refresh_lease_until = clock_timestamp() + $2::interval where id = $1`, [one, until])
      await set('1 min')
      expect(await lease([type], 9)).toEqual([])
      await set('-1 ms')
      expect(await lease([type], 9)).toMatchObject([{ outcome: 'mine', uncertain: 0, row: { id: one } }])
    })

    it('takes types in turn, and of each those that did not fail before those that did', async () => {
      const [a = '', b = ''] = newTypes()
      const failing = [await due(a, 0, 4), await due(a, 0, 1)]
      const ofA = [await due(a, 1), await due(a, 2), await due(a, 3)]
      const ofB = [await due(b, 50)]
      const taken = ids(await lease([a, b], 4))
      expect(taken.slice(0, 2).sort()).toEqual([ofA[0], ofB[0]].sort())
      expect(failing).toContain(taken[2])
      expect(taken[3]).toBe(ofA[1])
    })

    it('counts what is under way already as turns that a type has had', async () => {
      const [a = '', b = ''] = newTypes()
      const ofA = [await due(a, 1), await due(a, 2)]
      const ofB = [await due(b, 11), await due(b, 12), await due(b, 13)]
      expect(ids(await lease([a, b], 2, { running: [2, 0] }))).toEqual(ofB.slice(0, 2))
      expect(ids(await lease([a, b], 2, { running: [3, 0] }))).toEqual([ofB[2], ofA[0]])
    })

    it('takes only the types that it is told', async () => {
      const [a = '', b = ''] = newTypes()
      await due(a, 1)
      const other = await due(b, 1)
      expect(ids(await lease([b], 9))).toEqual([other])
      expect(await lease([], 9)).toEqual([])
    })

    it('gives each to one of several who ask at once, and everybody something', async () => {
      const [type = ''] = newTypes()
      for (let minute = 0; minute < 8; minute++) await due(type, minute)
      const taken = await Promise.all(['p', 'q', 'r', 's'].map(owner => lease([type], 2, { owner })))
      expect(new Set(taken.flatMap(ids)).size).toBe(8)
    })

    it('counts what they may encrypt under each organization\'s key, all at once', async () => {
      const [type = ''] = newTypes()
      for (let minute = 0; minute < 3; minute++) await due(type, minute)
      const count = async () => (await db.run('select encryptions::text as n from public.organization_keys where key_id = $1', [keyId])).rows[0]?.n
      expect((await lease([type], 9)).map(answer => answer.reserved)).toEqual([true, true, true])
      expect(await count()).toBe('9')
      await db.run(`update public.integrations set refresh_lease_until = null where integration_type = $1`, [type])
      await db.run('update public.organization_keys set encryptions = 4294967296 - 8 where key_id = $1', [keyId])
      expect((await lease([type], 9)).map(answer => [answer.reserved, answer.journal_id])).toEqual([[false, null], [false, null], [false, null]])
      expect(await count()).toBe('4294967288')
    })

    it('says of each what a refresh has to know', async () => {
      const [type = ''] = newTypes()
      const one = await due(type, 1, 2)
      const [answer] = await lease([type], 1)
      expect(answer).toMatchObject({ outcome: 'mine', uncertain: 0, maybe_spent: false, reserved: true, journal_id: (await journal(one))[0]?.id, row: { id: one, refresh_failures: 2, keys: [{ key_id: keyId }] } })
    })
  })

  describe('finish_refresh', () => {
    it('puts the new pair over the old, keeps the rest, gives the lease back, ends the journal row and notes it', async () => {
      await db.run(`update public.integrations set status = 'error', last_error = '{"class": "x", "at": "y"}', refresh_failures = 3 where id = $1`, [id])
      const before = await row()
      const begun = await begin('me', { failedAt: 'y' })
      const access_token = ciphertext(keyId)
      expect(await finish('me', begun?.journal_id, 1, { access_token })).toBe('stored')
      const after = await row()
      expect(after).toMatchObject({ config: { ...before.config as Row, access_token }, status: 'active', last_error: null, refresh_failures: 0, refresh_lease_owner: null, refresh_lease_until: null })
      expect([Number(after.version), new Date(after.refresh_due_at as string).getFullYear()]).toEqual([2, 2031])
      expect(await journal()).toMatchObject([{ state: 'stored', ended: true }])
      expect(await audit()).toMatchObject([{ action: 'credential.refreshed', target_id: id }])
    })

    const refused = { class: 'dead_grant', code: 'unauthorized', message: 'x', at: '2030-01-01T00:00:00Z', call: 'api' }

    it('leaves a refusal by the API as it is: a new token is no answer to that', async () => {
      await setError('error', refused)
      const begun = await sent('me')
      expect(await finish('me', begun?.journal_id, 1)).toBe('stored')
      expect(await row()).toMatchObject({ status: 'error', last_error: refused, refresh_failures: 0, health_state: 'action_required' })
    })

    it('clears that the API could not be reached', async () => {
      await setError('active', { class: 'passing', code: 'timeout', message: 'x', at: '2030-01-01T00:00:00Z', call: 'api' })
      await renew('main', 1)
      expect(await row()).toMatchObject({ status: 'active', last_error: null })
    })

    it('of a further slot heals nothing of the main one', async () => {
      await addUser()
      const dead = { class: 'dead_grant', code: 'invalid_grant', message: 'x', at: '2030-01-01T00:00:00Z', call: 'refresh' }
      await setError('error', dead)
      await renew('user', 1)
      expect(await row()).toMatchObject({ status: 'error', last_error: dead })
    })

    it('says the same to all who ask at once', async () => {
      const begun = await sent('me')
      expect(await Promise.all(Array.from({ length: 5 }, () => finish('me', begun?.journal_id, 1)))).toEqual(Array(5).fill('stored'))
      expect((await journal()).map(one => one.state)).toEqual(['stored'])
      expect(await audit()).toHaveLength(1)
    })

    it('says the same when it is asked twice, and writes once', async () => {
      const begun = await begin('me')
      expect(await finish('me', begun?.journal_id, 1)).toBe('stored')
      const after = await row()
      expect(await finish('me', begun?.journal_id, 1)).toBe('stored')
      expect(await row()).toEqual(after)
      expect(await audit()).toHaveLength(1)
    })

    it('keeps a good answer whose lease ran out, and leaves the next holder\'s lease alone', async () => {
      const begun = await begin('slow')
      await leaseRunsOut()
      await begin('next')
      expect(await finish('slow', begun?.journal_id, 1)).toBe('stored')
      expect(await row()).toMatchObject({ refresh_lease_owner: 'next' })
    })

    it.each([['an older version', -1], ['a newer version', 1]])('writes nothing for %s', async (_, by) => {
      const begun = await sent('me')
      await db.run('update public.integrations set version = 5 where id = $1', [id])
      const before = await row()
      for (let asked = 0; asked < 2; asked++) expect(await finish('me', begun?.journal_id, 5 + by)).toBe('superseded')
      expect(await row()).toEqual(before)
      expect(await journal()).toMatchObject([{ state: 'superseded', ended: true }])
      expect(await audit()).toEqual([])
    })

    it('calls an answer that came too late uncertain when its refresh token is the slot\'s own still', async () => {
      await addUser()
      const late = await sent('slow', { slot: 'user' })
      await leaseRunsOut()
      await renew('main', 1)
      expect(await finish('slow', late?.journal_id, 1)).toBe('superseded')
      expect((await journal()).map(one => [one.slot, one.state, one.maybe_spent])).toEqual([['user', 'uncertain', true], ['main', 'stored', false]])
    })

    it('lets one of two who come at once write', async () => {
      const [a, b] = [await sent('a'), await leaseRunsOut().then(() => sent('b'))]
      const outcomes = await Promise.all([finish('a', a?.journal_id, 1), finish('b', b?.journal_id, 1)])
      expect(outcomes.sort()).toEqual(['stored', 'superseded'])
      expect(await versionNow()).toBe(2)
      expect(await audit()).toHaveLength(1)
    })

    it('says so when the integration is gone', async () => {
      const begun = await begin('me')
      await db.run('delete from public.integrations where id = $1', [id])
      expect(await finish('me', begun?.journal_id, 1)).toBe('gone')
    })

    it('writes nothing under a key that the organization has no more', async () => {
      const begun = await begin('me')
      await db.run('delete from public.organization_keys where organization_id = $1', [acme.id])
      const before = await row()
      expect(await finish('me', begun?.journal_id, 1)).toBe('key_gone')
      expect(await row()).toEqual(before)
      expect(await journal()).toMatchObject([{ state: 'begun' }])
    })

    it('refuses a clear token, and what it can\'t note: nothing of it is written', async () => {
      const begun = await begin('me')
      const before = await row()
      for (const field of ['refresh_token', 'user_access_token', 'user_refresh_token']) {
        expect((await refusal(finish('me', begun?.journal_id, 1, { access_token: ciphertext(keyId), [field]: 'sbp_clear' }))).code, field).toBe('23514')
      }
      const unnoted = call(`public.finish_refresh($1, 'me', $2, 1, $3::text::jsonb, now(), 'main', '{"actor_type": "nobody", "action": "x"}')`, [id, begun?.journal_id, JSON.stringify({ access_token: ciphertext(keyId) })])
      expect(await refusal(unnoted)).toEqual({ code: 'P0001', message: 'audit_unavailable' })
      expect(await row()).toEqual(before)
      expect(await journal()).toMatchObject([{ state: 'begun' }])
    })
  })

  describe('fail_refresh', () => {
    it('ends the connection on a dead grant only, and success heals it; a pause stays a pause', async () => {
      const at = '2030-01-01T00:00:00Z'
      const first = await begin('me')
      expect(await fail('me', first?.journal_id, 1)).toBe(true)
      expect(await row()).toMatchObject({ status: 'active', last_error: { class: 'x' }, refresh_failures: 1, refresh_lease_owner: null, refresh_lease_until: null })
      const second = await begin('me', { failedAt: at })
      expect(await fail('me', second?.journal_id, 1, { dead: true })).toBe(true)
      expect(await row()).toMatchObject({ status: 'error', refresh_failures: 2 })
      const third = await begin('me', { failedAt: at })
      expect(await finish('me', third?.journal_id, 1)).toBe('stored')
      expect(await row()).toMatchObject({ status: 'active', last_error: null, refresh_failures: 0 })

      await db.run(`update public.integrations set status = 'paused' where id = $1`, [id])
      const fourth = await begin('me', { version: 2 })
      expect(await fail('me', fourth?.journal_id, 2, { dead: true })).toBe(true)
      expect((await row()).status).toBe('paused')
      expect((await audit()).map(one => one.action).sort()).toEqual(['credential.refresh_failed', 'credential.refresh_failed', 'credential.refresh_failed', 'credential.refreshed'])
    })

    it.each([['another owner', 'you', 0], ['an older version', 'me', -1], ['a newer version', 'me', 1]] as const)('says nothing of the row for %s', async (_, owner, by) => {
      const begun = await begin('me')
      const before = await row()
      expect(await fail(owner, begun?.journal_id, 1 + by, { dead: true })).toBe(false)
      expect(await row()).toEqual(before)
      expect(await audit()).toEqual([])
    })

    it('leaves an attempt uncertain that its successor called so', async () => {
      const begun = await sent('slow')
      await leaseRunsOut()
      await begin('next')
      expect(await fail('slow', begun?.journal_id, 1)).toBe(false)
      expect((await journal()).map(one => one.state)).toEqual(['uncertain', 'begun'])
    })

    it('says the same when it is asked twice, and notes it once', async () => {
      const begun = await sent('me')
      for (let asked = 0; asked < 2; asked++) expect(await fail('me', begun?.journal_id, 1)).toBe(true)
      expect(await row()).toMatchObject({ refresh_failures: 1 })
      expect(await audit()).toHaveLength(1)
    })

    it.each([
      ['a refusal by the API', 'error', { class: 'dead_grant', code: 'unauthorized', call: 'api' }, { kind: 'dead_grant', dead: true }],
      ['a dead grant, under a failure that passes', 'error', { class: 'dead_grant', code: 'invalid_grant', call: 'refresh' }, { kind: 'passing' }],
      ['a further slot\'s end, under a failure that passes', 'active', { class: 'dead_grant', code: 'invalid_grant', call: 'refresh', slot: 'user' }, { kind: 'passing' }],
      ['the main token\'s end, under a further one\'s', 'error', { class: 'dead_grant', code: 'invalid_grant', call: 'refresh' }, { kind: 'dead_grant', slot: 'user' }],
    ])('leaves %s written, and counts the failure', async (_, status, error, failure) => {
      await addUser()
      const worse = { ...error, message: 'x', at: '2029-01-01T00:00:00Z' }
      await setError(status, worse)
      const begun = await sent('me', { slot: 'slot' in failure ? failure.slot : 'main', failedAt: worse.at })
      expect(await fail('me', begun?.journal_id, 1, failure)).toBe(true)
      expect(await row()).toMatchObject({ status, last_error: worse, refresh_failures: 1, refresh_lease_owner: null })
    })

    it('keeps what is wrong with one slot until that one is well, and says which is due next', async () => {
      const at = '2030-01-01T00:00:00Z'
      await db.run(`update public.integrations set config = config || jsonb_build_object('user_refresh_token', $2::text) where id = $1`, [id, ciphertext(keyId)])
      const user = await begin('me', { slot: 'user' })
      expect(await fail('me', user?.journal_id, 1, { slot: 'user', next: 'main' })).toBe(true)
      expect(await row()).toMatchObject({ status: 'active', refresh_slot: 'main', last_error: { slot: 'user' } })
      const main = await begin('me', { failedAt: at })
      expect(await finish('me', main?.journal_id, 1)).toBe('stored')
      expect(await row()).toMatchObject({ last_error: { slot: 'user' } })
      const again = await begin('me', { failedAt: at, slot: 'user', version: 2 })
      expect(await finish('me', again?.journal_id, 2)).toBe('stored')
      expect(await row()).toMatchObject({ last_error: null })
    })

    it('keeps no sentence in the journal, and takes none for an attempt without a row', async () => {
      const begun = await begin('me')
      await fail('me', begun?.journal_id, 1)
      expect((await journal())[0]?.failure).toEqual({ class: 'x', code: 'y' })
      await begin('me', { failedAt: '2030-01-01T00:00:00Z' })
      expect(await fail('me', null, 1)).toBe(true)
    })
  })

  describe('release_refresh', () => {
    it('takes the journal row back and the lease, and says when to look again', async () => {
      const begun = await begin('me')
      await release('me', begun?.journal_id, '2032-01-01T00:00:00Z')
      expect(await journal()).toEqual([])
      const after = await row()
      expect(after).toMatchObject({ refresh_lease_owner: null, refresh_lease_until: null })
      expect(new Date(after.refresh_due_at as string).getFullYear()).toBe(2032)
      const second = await sent('me')
      await release('me', second?.journal_id)
      expect(await journal()).toEqual([])
      expect(new Date((await row()).refresh_due_at as string).getFullYear()).toBeLessThan(2032)
    })

    it('leaves another holder\'s lease, and a row that has a result', async () => {
      const begun = await begin('me')
      await finish('me', begun?.journal_id, 1)
      const next = await begin('next', { version: 2 })
      await release('me', begun?.journal_id, '2032-01-01T00:00:00Z')
      expect(await row()).toMatchObject({ refresh_lease_owner: 'next' })
      expect((await journal()).map(one => one.id)).toEqual([begun?.journal_id, next?.journal_id])
    })
  })

  describe('settle_refreshes', () => {
    const settle = () => call<number>('public.settle_refreshes($1)', [1000])
    const states = async () => (await journal()).map(one => [one.version, one.state])
    // The database is everybody's.
    beforeEach(() => settle())

    it('leaves what somebody is at', async () => {
      await sent('a')
      expect([await settle(), await states()]).toEqual([0, [[1, 'sent']]])
    })

    it('ends what nobody is at: taken away when it was not sent, uncertain when it was', async () => {
      await begin('a')
      await leaseRunsOut()
      expect([await settle(), await states()]).toEqual([1, []])
      await sent('a')
      await leaseRunsOut()
      expect([await settle(), await states()]).toEqual([1, [[1, 'uncertain']]])
      expect(await settle()).toBe(0)
    })

    it('ends what a reconnect has overtaken, and leaves what has begun since', async () => {
      await sent('a')
      await reconnect()
      expect([await settle(), await states()]).toEqual([1, [[1, 'superseded']]])
      await sent('b', { version: 2 })
      await db.run(`update public.refresh_journal set state = 'sent' where integration_id = $1 and version = 1`, [id])
      expect([await settle(), await states()]).toEqual([1, [[1, 'superseded'], [2, 'sent']]])
    })
  })

  describe('what the API says', () => {
    const at = (minute: number) => `2030-01-01T00:0${minute}:00Z`
    const success = (version: number, minute: number) => call('public.note_success($1, $2::bigint, $3::timestamptz)', [id, version, at(minute)])
    const refuse = (version: number, minute: number) => call<boolean>('public.note_refusal($1, $2::bigint, $3::text::jsonb, $4::text::jsonb)',
      [id, version, JSON.stringify({ class: 'dead_grant', code: 'unauthorized', message: 'x', at: at(minute), call: 'api' }), entry('credential.refused')])

    /** The minute of the last success. */
    const succeeded = async () => new Date((await row()).last_success_at as string).getUTCMinutes()

    it('ends the connection by a refusal, with an entry in the log, and heals it by a later answer', async () => {
      expect(await refuse(1, 1)).toBe(true)
      expect(await row()).toMatchObject({ status: 'error', last_error: { code: 'unauthorized' }, health_state: 'action_required' })
      expect(await audit()).toMatchObject([{ action: 'credential.refused', target_id: id }])
      await success(1, 2)
      expect(await row()).toMatchObject({ status: 'active', last_error: null, health_state: 'healthy' })
      expect(await succeeded()).toBe(2)
    })

    it('is not healed by an answer from before', async () => {
      await refuse(1, 2)
      await success(1, 1)
      expect(await row()).toMatchObject({ status: 'error', last_error: { code: 'unauthorized' } })
      expect(await succeeded()).toBe(1)
    })

    it('says nothing of another version', async () => {
      const before = await row()
      expect(await refuse(2, 1)).toBe(false)
      await success(2, 2)
      expect([await row(), await audit()]).toEqual([before, []])
      await refuse(1, 1)
      await reconnect()
      await refuse(2, 2)
      await success(1, 3)
      expect(await row()).toMatchObject({ status: 'error' })
    })

    it('leaves a pause a pause', async () => {
      await db.run(`update public.integrations set status = 'paused' where id = $1`, [id])
      await refuse(1, 1)
      expect(await row()).toMatchObject({ status: 'paused', last_error: { code: 'unauthorized' } })
      await success(1, 2)
      expect(await row()).toMatchObject({ status: 'paused', last_error: null })
    })

    it.each([
      ['a dead grant', 'error', { class: 'dead_grant', code: 'invalid_grant' }], ['our own fault', 'active', { class: 'our_application', code: 'invalid_client' }],
      ['a failure that passes', 'active', { class: 'passing', code: 'timeout' }], ['a further slot\'s end', 'active', { class: 'dead_grant', code: 'invalid_grant', slot: 'user' }],
    ])('changes nothing of what the token endpoint said: %s', async (_, status, error) => {
      const said = { ...error, message: 'x', at: at(1), call: 'refresh' }
      await setError(status, said)
      const before = await row()
      await success(1, 2)
      expect(await row()).toEqual({ ...before, last_success_at: expect.anything() as unknown, updated_at: expect.anything() as unknown })
      expect(await succeeded()).toBe(2)
    })

    it('never takes back a later success', async () => {
      await success(1, 2)
      await success(1, 1)
      expect(await succeeded()).toBe(2)
    })
  })

  describe('note_probe', () => {
    const note = (version: number, error: string | null, failed: boolean) =>
      call(`public.note_probe($1, $2::bigint, $3::text::jsonb, $4::boolean, '2033-01-01T00:00:00Z', 'user')`, [id, version, error, failed])

    it('counts failures, keeps what stands there, and begins anew on success', async () => {
      const error = { class: 'passing', code: 'timeout', call: 'api' }
      await note(1, JSON.stringify(error), true)
      await note(1, null, true)
      expect(await row()).toMatchObject({ last_error: error, refresh_failures: 2, status: 'active' })
      await note(1, null, false)
      const after = await row()
      expect(after).toMatchObject({ last_error: error, refresh_failures: 0, refresh_slot: 'user' })
      expect([Number(after.version), new Date(after.refresh_due_at as string).getFullYear()]).toEqual([1, 2033])
    })

    it('says of an API that is not there only where nothing worse is known', async () => {
      const error = { class: 'passing', code: 'timeout', call: 'api' }
      for (const worse of [{ class: 'dead_grant', code: 'unauthorized', call: 'api' }, { class: 'our_application', code: 'invalid_client', call: 'refresh' }]) {
        await setError('active', worse)
        await note(1, JSON.stringify(error), true)
        expect(await row()).toMatchObject({ last_error: worse })
      }
      await setError('active', { ...error, code: 'unreachable' })
      await note(1, JSON.stringify(error), true)
      expect(await row()).toMatchObject({ last_error: error, refresh_failures: 3 })
    })

    it('says nothing of another version', async () => {
      const before = await row()
      await note(2, '{"class": "passing"}', true)
      expect(await row()).toEqual(before)
    })
  })
}
