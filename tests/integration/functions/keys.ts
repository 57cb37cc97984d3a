/** What the key functions promise to those who call them, told by their answers. */
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, type Row, type TestDatabase } from '../../support/database.ts'
import { ciphertext, newIntegration, newOrganization } from '../../support/organizations.ts'

const KEK = '0123abcd'
const LIMIT = 4_294_967_296

export function keys(database: () => TestDatabase): void {
  let db: TestDatabase
  let organization: string
  beforeEach(async () => {
    db = database()
    await db.run('delete from public.organizations')
    await db.run('delete from public.key_encryption_keys')
    organization = (await newOrganization(db.run)).id
  })

  const call = (sql: string, values: unknown[] = []) => db.as(service, async run => (await run(sql, values)).rows)
  const scalar = async (sql: string, values: unknown[] = []) => (await call(`select ${sql} as v`, values))[0]?.v
  const add = (keyId: string, replaces: string | null = null, kek = KEK) =>
    scalar('public.add_organization_key($1, $2, $3, $4, $5)', [organization, keyId, ciphertext(), kek, replaces])
  const reserve = async (count: number) => (await call('select keys, encryptions::text, exhausted from public.reserve_encryptions($1, $2)', [organization, count]))[0]
  const stored = () => call('select key_id, wrapped, kek_id, encryptions::int8, retired_at is not null as retired from public.organization_keys where organization_id = $1 order by created_at', [organization])
  const ids = async () => (await stored()).map(row => [row.key_id, row.retired])
  const age = (keyId: string, by: string) => db.run(`update public.organization_keys set retired_at = retired_at - $2::text::interval, created_at = created_at - $2::text::interval where key_id = $1`, [keyId, by])
  /** Under a key, by its looks. */
  const under = (keyId: string) => keyId + ciphertext().slice(8)
  /** What waits for a word, under these keys. */
  const hold = async (config: Row, which = organization) => String((await db.run(`insert into public.pending_connections (organization_id, integration_type, external_account_id, external_account_name, config)
    values ($1, 'supabase', 'other', 'Other', $2::text::jsonb) returning id`, [which, JSON.stringify(config)])).rows[0]?.id)
  const setConfig = (id: string, config: Row) => db.run('update public.integrations set config = config || $2::text::jsonb where id = $1', [id, JSON.stringify(config)])

  describe('adding a key', () => {
    it('puts it in the place of the one that the caller saw, which goes on opening', async () => {
      expect(await add('aaaaaaaa')).toBe(true)
      expect(await add('bbbbbbbb', 'aaaaaaaa')).toBe(true)
      expect(await ids()).toEqual([['aaaaaaaa', true], ['bbbbbbbb', false]])
      const wraps = await scalar('public.organization_wraps($1)', [organization]) as Row[]
      expect(wraps.map(wrap => [wrap.key_id, wrap.retired])).toEqual([['bbbbbbbb', false], ['aaaaaaaa', true]])
    })

    it.each([['another was faster', 'cccccccc', 'aaaaaaaa'], ['there is one already', 'cccccccc', null], ['there never was that one', 'cccccccc', 'dddddddd'], ['it is the current one itself', 'bbbbbbbb', 'bbbbbbbb']])(
      'does nothing when %s', async (_, keyId, replaces) => {
        await add('aaaaaaaa')
        await add('bbbbbbbb', 'aaaaaaaa')
        const before = await stored()
        expect(await add(keyId, replaces)).toBe(false)
        expect(await stored()).toEqual(before)
      })

    it('lets one of those who come at once do it', async () => {
      const outcomes = await Promise.all(['aaaaaaaa', 'bbbbbbbb', 'cccccccc'].map(keyId => add(keyId)))
      expect(outcomes.filter(Boolean)).toHaveLength(1)
      expect((await ids()).map(([, retired]) => retired)).toEqual([false])
    })

    it('counts the wraps of each key-encryption key', async () => {
      await add('aaaaaaaa')
      await add('bbbbbbbb', 'aaaaaaaa')
      await add('cccccccc', 'bbbbbbbb', 'kms:alias/x')
      expect(await call('select kek_id, encryptions::int4 from public.key_encryption_keys order by 1')).toEqual([{ kek_id: KEK, encryptions: 2 }, { kek_id: 'kms:alias/x', encryptions: 1 }])
    })

    it.each(['', 'a clear key', 'AAAA', `${KEK}:short.x.y`, 'kms:', 'kms:not base64!'])('refuses a wrap that is none: %j', async (wrapped) => {
      expect((await refusal(scalar('public.add_organization_key($1, $2, $3, $4, null)', [organization, 'aaaaaaaa', wrapped, KEK]))).code).toBe('23514')
    })
  })

  describe('reserving encryptions', () => {
    it('says that there is no key yet, and otherwise counts before it answers', async () => {
      expect(await reserve(2)).toEqual({ keys: [], encryptions: '0', exhausted: false })
      await add('aaaaaaaa')
      expect(await reserve(2)).toMatchObject({ encryptions: '2', exhausted: false, keys: [{ key_id: 'aaaaaaaa', retired: false }] })
      expect(await reserve(3)).toMatchObject({ encryptions: '5' })
    })

    it('gives out 2^32 and not one more, and all of them again with a new key', async () => {
      await add('aaaaaaaa')
      await db.run('update public.organization_keys set encryptions = $1::text::bigint', [String(LIMIT - 2)])
      expect(await reserve(3)).toMatchObject({ encryptions: '0', exhausted: true })
      expect(await reserve(2)).toMatchObject({ encryptions: String(LIMIT), exhausted: false })
      expect(await reserve(1)).toMatchObject({ encryptions: '0', exhausted: true })
      await add('bbbbbbbb', 'aaaaaaaa')
      expect(await reserve(1)).toMatchObject({ encryptions: '1', exhausted: false })
    })

    it('loses no count when many come at once', async () => {
      await add('aaaaaaaa')
      await Promise.all(Array.from({ length: 20 }, () => reserve(3)))
      expect(Number((await stored())[0]?.encryptions)).toBe(60)
    })
  })

  describe('rewriting wraps', () => {
    const due = (after: [string | null, string | null] = [null, null], limit = 10) => call('select * from public.wraps_to_rewrite($1, $2, $3, $4)', ['ffff0000', ...after, limit])
    const store = (items: Row[]) => scalar('public.store_wraps($1::text::jsonb, $2)', [JSON.stringify(items), 'ffff0000'])

    it('lists those under another key, in order and from where the caller stopped', async () => {
      await add('bbbbbbbb')
      await add('aaaaaaaa', 'bbbbbbbb')
      await add('cccccccc', 'aaaaaaaa', 'ffff0000')
      expect((await due()).map(row => row.key_id)).toEqual(['aaaaaaaa', 'bbbbbbbb'])
      expect((await due([null, null], 1)).map(row => row.key_id)).toEqual(['aaaaaaaa'])
      expect((await due([organization, 'aaaaaaaa'])).map(row => row.key_id)).toEqual(['bbbbbbbb'])
      expect(await due([organization, 'bbbbbbbb'])).toEqual([])
    })

    it('writes those that are still what was read, and no others', async () => {
      await add('aaaaaaaa')
      await add('bbbbbbbb', 'aaaaaaaa')
      const [first, second] = await stored()
      const [fresh, other] = [ciphertext(), ciphertext()]
      expect(await store([
        { organization_id: organization, key_id: 'aaaaaaaa', seen: first?.wrapped, wrapped: fresh },
        { organization_id: organization, key_id: 'bbbbbbbb', seen: other, wrapped: fresh },
        { organization_id: randomUUID(), key_id: 'bbbbbbbb', seen: second?.wrapped, wrapped: fresh },
      ])).toBe(1)
      expect((await stored()).map(row => [row.wrapped, row.kek_id])).toEqual([[fresh, 'ffff0000'], [second?.wrapped, KEK]])
    })
  })

  describe('a change of data keys', () => {
    const start = async () => (await call('select id, resumed from public.start_key_rotation()'))[0]
    const toRekey = async (before: string) => (await call(`select key_id from public.organizations_to_rekey(${before}, 10)`)).map(row => row.key_id)
    const toRotate = async () => (await call('select id from public.credentials_to_rotate(null, 10)')).map(row => row.id)
    beforeEach(() => db.run('delete from public.key_rotations'))

    it('is one at a time: who comes second goes on with the first one\'s', async () => {
      const first = await start()
      expect(first?.resumed).toBe(false)
      expect(await start()).toEqual({ id: first?.id, resumed: true })
      await db.run('update public.key_rotations set finished_at = now()')
      expect((await start())?.resumed).toBe(false)
    })

    it('that stopped more than a day ago is not gone on with', async () => {
      const first = await start()
      await db.run('update public.key_rotations set started_at = started_at - interval \'25 h\'')
      const second = await start()
      expect(second?.resumed).toBe(false)
      expect(second?.id).not.toBe(first?.id)
    })

    it('adds new keys for several organizations, and counts those that it added', async () => {
      const other = (await newOrganization(db.run)).id
      await add('aaaaaaaa')
      const item = (organizationId: string, keyId: string, replaces: string | null) => ({ organization_id: organizationId, key_id: keyId, wrapped: ciphertext(), kek_id: KEK, replaces })
      const items = [item(organization, 'bbbbbbbb', 'aaaaaaaa'), item(organization, 'cccccccc', 'aaaaaaaa'), item(other, 'dddddddd', null)]
      expect(await scalar('public.add_organization_keys($1::text::jsonb)', [JSON.stringify(items)])).toBe(2)
      expect(await ids()).toEqual([['aaaaaaaa', true], ['bbbbbbbb', false]])
    })

    it('counts what is going to be encrypted as it lists it, and says so when a key has not that many left', async () => {
      await add('aaaaaaaa')
      await newIntegration(db.run, organization)
      const list = () => call('select keys, reserved from public.credentials_to_rotate(null, 10)')
      expect(await list()).toMatchObject([{ keys: [{ key_id: 'aaaaaaaa', retired: false }], reserved: true }])
      expect(Number((await stored())[0]?.encryptions)).toBe(2)
      await db.run('update public.organization_keys set encryptions = $1::text::bigint', [String(LIMIT - 1)])
      expect(await list()).toMatchObject([{ reserved: false }])
    })

    it('wants a new key for organizations whose key is older than it, and for those that have credentials and no key', async () => {
      expect(await toRekey('now()')).toEqual([])
      await newIntegration(db.run, organization)
      expect(await toRekey('now()')).toEqual([null])
      await add('aaaaaaaa')
      expect(await toRekey('now() - interval \'1 minute\'')).toEqual([])
      expect(await toRekey('now() + interval \'1 minute\'')).toEqual(['aaaaaaaa'])
    })

    it('lists the credentials that are not under the current key: of another, or naming none', async () => {
      await add('aaaaaaaa')
      const [own, other, none, empty] = (await Promise.all(Array.from({ length: 4 }, () => newIntegration(db.run, organization)))) as [string, string, string, string]
      await setConfig(own, { access_token: under('aaaaaaaa') })
      await setConfig(none, { access_token: ciphertext().slice(9) })
      await setConfig(empty, { access_token: null, refresh_token: null })
      expect((await toRotate()).sort()).toEqual([other, none].sort())
    })

    it('writes what is still in the version that was read, leaves the version and the rest of the row, and says what it wrote', async () => {
      await add('aaaaaaaa')
      const [one, changed] = [await newIntegration(db.run, organization), await newIntegration(db.run, organization)]
      const access_token = under('aaaaaaaa')
      const read = async (id: string) => (await db.run('select config, version from public.integrations where id = $1', [id])).rows[0]
      const before = { one: await read(one), changed: await read(changed) }
      const items = [{ id: one, version: before.one?.version, config: { access_token } }, { id: changed, version: Number(before.changed?.version) + 1, config: { access_token } }]
      expect((await call('select * from public.store_rotated_credentials($1::text::jsonb) as id', [JSON.stringify(items)])).map(row => row.id)).toEqual([one])
      expect(await read(one)).toEqual({ version: before.one?.version, config: { ...before.one?.config as Row, access_token } })
      expect(await read(changed)).toEqual(before.changed)
    })

    it('refuses a clear token', async () => {
      const id = await newIntegration(db.run, organization)
      expect((await refusal(call('select public.store_rotated_credentials($1::text::jsonb)', [JSON.stringify([{ id, version: 1, config: { refresh_token: 'sbp_clear' } }])]))).code).toBe('23514')
    })
  })

  describe('dropping keys that hold nothing', () => {
    const drop = () => scalar('public.drop_empty_keys()')

    it('waits a day, and never drops the one that encrypts, nor one under which any field of any row is left', async () => {
      await add('aaaaaaaa')
      await add('bbbbbbbb', 'aaaaaaaa')
      await add('cccccccc', 'bbbbbbbb')
      const id = await newIntegration(db.run, organization)
      await setConfig(id, { access_token: under('cccccccc'), refresh_token: under('aaaaaaaa') })
      expect(await drop()).toBe(0)
      await age('aaaaaaaa', '25 h')
      await age('bbbbbbbb', '23 h')
      expect(await drop()).toBe(0)
      await age('bbbbbbbb', '2 h')
      expect(await drop()).toBe(1)
      expect((await ids()).map(([keyId]) => keyId).sort()).toEqual(['aaaaaaaa', 'cccccccc'])
      await setConfig(id, { refresh_token: under('cccccccc') })
      expect(await drop()).toBe(1)
      await age('cccccccc', '1 y')
      expect([await drop(), await ids()]).toEqual([0, [['cccccccc', false]]])
    })
  })

  describe('a connection that waits for a word', () => {
    it('keeps the retired key that it is under, for as long as it waits', async () => {
      await add('aaaaaaaa')
      await add('bbbbbbbb', 'aaaaaaaa')
      await age('aaaaaaaa', '25 h')
      const id = await hold({ access_token: under('bbbbbbbb'), refresh_token: under('aaaaaaaa') })
      expect(await scalar('public.drop_empty_keys()')).toBe(0)
      await db.run('delete from public.pending_connections where id = $1', [id])
      expect(await scalar('public.drop_empty_keys()')).toBe(1)
    })

    it('is counted under its keys, and needs them', async () => {
      await add('aaaaaaaa')
      await hold({ access_token: under('aaaaaaaa'), refresh_token: under('deadbeef') })
      await hold({ access_token: under('deadbeef') })
      const { uses } = await scalar('public.key_census(null, 10)') as { uses: Row[] }
      expect(uses.map(({ kind, key_id, held }) => [kind, key_id, held])).toEqual(expect.arrayContaining([['data_key', 'aaaaaaaa', 1], ['direct', 'deadbeef', 2], ['wrap', KEK, 1]]))
      expect(await scalar('public.keys_needed()')).toEqual(expect.arrayContaining([{ kind: 'direct', key_id: 'deadbeef', held: 1 }]))
    })
  })

  describe('what there is', () => {
    it('is told by key: wraps, values under data keys, and values under ENCRYPTION_KEY itself', async () => {
      await add('aaaaaaaa')
      await add('bbbbbbbb', 'aaaaaaaa')
      const [one, two] = [await newIntegration(db.run, organization), await newIntegration(db.run, organization)]
      await setConfig(one, { access_token: under('bbbbbbbb'), refresh_token: under('aaaaaaaa') })
      await setConfig(two, { access_token: under('deadbeef'), refresh_token: under('deadbeef') })
      const { last, uses } = await scalar('public.key_census(null, 10)') as { last: string, uses: Row[] }
      expect(last).toBe(organization)
      expect(uses.toSorted((a, b) => `${String(a.kind)}${String(a.key_id)}` < `${String(b.kind)}${String(b.key_id)}` ? -1 : 1)).toEqual([
        { kind: 'data_key', key_id: 'aaaaaaaa', held: 1, encryptions: 0, organizations: 1 }, { kind: 'data_key', key_id: 'bbbbbbbb', held: 1, encryptions: 0, organizations: 1 },
        { kind: 'direct', key_id: 'deadbeef', held: 2, encryptions: 0, organizations: 1 }, { kind: 'wrap', key_id: KEK, held: 2, encryptions: 2, organizations: 1 },
      ])
      expect(await scalar('public.keys_needed()')).toEqual(expect.arrayContaining([{ kind: 'direct', key_id: 'deadbeef', held: 1 }, { kind: 'wrap', key_id: KEK, held: 2 }]))
    })

    it('is told portion by portion, each organization once', async () => {
      await newOrganization(db.run)
      await newOrganization(db.run)
      await add('aaaaaaaa')
      const seen: unknown[] = []
      let wraps = 0
      for (let after: unknown = null; ;) {
        const page = await scalar('public.key_census($1, 1)', [after]) as { last: string, uses: Row[] } | null
        if (!page) break
        seen.push(after = page.last)
        wraps += page.uses.filter(use => use.kind === 'wrap').length
      }
      expect([seen.length, new Set(seen).size, wraps]).toEqual([3, 3, 1])
    })
  })

  it('goes with the organization', async () => {
    await add('aaaaaaaa')
    await db.run('delete from public.organizations where id = $1', [organization])
    expect(await stored()).toEqual([])
  })
}
