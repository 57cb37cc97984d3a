/** The chain of the audit log: made by the database alone, unbroken under concurrency, and each way to break it is named. */
import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase, refusal, service, user, type TestDatabase } from '../support/database.ts'
import { newOrganization, type Seeded } from '../support/organizations.ts'

const genesis = '0'.repeat(64)
const insert = `insert into public.audit_log (organization_id, actor_type, actor_email, action, detail, ip) values ($1, 'user', $2, 'integration.changed', '{"name": "Ä \\u2028 \\" x", "n": 1.50}', '127.0.0.1')`

let db: TestDatabase
let acme: Pick<Seeded, 'id' | 'owner' | 'admin' | 'member'>

beforeAll(async () => {
  db = await openDatabase()
  // What only the owner of the database can do; the tests are that owner.
  await db.run('alter table public.audit_log disable trigger append_only')
})
afterAll(() => db?.close())
beforeEach(async () => {
  acme = await newOrganization(db.run)
  for (let entry = 1; entry <= 6; entry++) await db.as(service, run => run(insert, [acme.id, `person${entry}@example.com`]))
})

interface Verdict { checked: number, last_seq: number, complete: boolean, head_seq: number, head_hash: string, fault_kind: string | null, fault_seq: number, fault_id: string | null, before_id: string | null }
const numbers = ['checked', 'last_seq', 'head_seq', 'fault_seq']
async function verify(organization = acme.id, after = 0, limit = 100, who = acme.owner): Promise<Verdict | undefined> {
  const { rows } = await db.as(user(who), run => run('select * from public.verify_audit_chain($1, $2, $3)', [organization, after, limit]))
  // The driver of PostgreSQL gives bigint as text.
  return rows[0] && Object.fromEntries(Object.entries(rows[0]).map(([key, value]) => [key, numbers.includes(key) && value !== null ? Number(value) : value])) as unknown as Verdict
}
/** The numbers among which an entry has a place: so many at a time. */
async function find(entry: unknown, limit = 100, organization = acme.id, who = acme.owner): Promise<number | null> {
  for (let after = 0; ; after += limit) {
    const { rows: [row] } = await db.as(user(who), run => run('select public.find_audit_entry($1, $2, $3, $4) as found', [organization, entry, after, limit]))
    if (row?.found !== false) return row?.found === true ? after + 1 : null
  }
}
const idOf = async (seq: number) => (await db.run('select id from public.audit_log where organization_id = $1 and seq = $2', [acme.id, seq])).rows[0]?.id
/** `set ...` on one entry. */
const alter = (seq: number, set: string) => db.run(`update public.audit_log l set ${set} where organization_id = $1 and seq = $2`, [acme.id, seq])
const remove = (seq: number) => db.run('delete from public.audit_log where organization_id = $1 and seq = $2', [acme.id, seq])
const rehashed = `hash = private.audit_hash(prev_hash, private.audit_canonical(l))`
async function swap(a: number, b: number) {
  for (const [from, to] of [[a, 1000], [b, a], [1000, b]] as const) await alter(from, `seq = ${to}`)
}
/** An entry past the trigger, chained and hashed as it should be. */
async function forge(seq: number) {
  const id = randomUUID()
  await db.run('alter table public.audit_log disable trigger chain')
  try {
    await db.run(`insert into public.audit_log (id, organization_id, actor_type, action, seq, prev_hash, hash)
      select $1::uuid, organization_id, 'system', 'scan.completed', seq + 1, hash, hash from public.audit_log where organization_id = $2 and seq = $3`, [id, acme.id, seq - 1])
    await db.run(`update public.audit_log l set ${rehashed} where id = $1`, [id])
  }
  finally {
    await db.run('alter table public.audit_log enable trigger chain')
  }
  return id
}

describe('an entry', () => {
  it('is hashed as documented: sha256 over the hash before it, a line break and its canonical text', async () => {
    const { rows } = await db.as(user(acme.owner), run => run('select * from public.export_audit_entries($1)', [acme.id]))
    expect(rows).toHaveLength(6)
    let before = genesis
    for (const [index, { seq, prev_hash, hash, entry }] of rows.entries()) {
      expect(Number(seq)).toBe(index + 1)
      expect(prev_hash).toBe(before)
      expect(hash).toBe(createHash('sha256').update(`${before}\n${String(entry)}`).digest('hex'))
      expect(entry).not.toContain('\n')
      const { created_at, ...rest } = JSON.parse(String(entry)) as Record<string, unknown>
      expect(created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      expect(rest).toEqual({
        id: await idOf(index + 1), seq: index + 1, organization_id: acme.id, actor_type: 'user', actor_id: null, actor_email: `person${index + 1}@example.com`,
        action: 'integration.changed', target_type: null, target_id: null, detail: { name: 'Ä \u2028 " x', n: 1.5 }, ip: '127.0.0.1', user_agent: null, request_id: null,
      })
      before = String(hash)
    }
    expect(await verify()).toMatchObject({ checked: 6, complete: true, head_seq: 6, head_hash: before, fault_kind: null })
  })

  it('has no place of its writer\'s choosing, nor a time', async () => {
    await db.as(service, run => run(`insert into public.audit_log (organization_id, actor_type, action, seq, prev_hash, hash, created_at)
      values ($1, 'system', 'scan.completed', 99, $2, $2, '2001-01-01')`, [acme.id, 'f'.repeat(64)]))
    expect(await verify()).toMatchObject({ checked: 7, head_seq: 7, fault_kind: null })
    const { rows } = await db.run(`select created_at > now() - interval '1 h' as recent from public.audit_log where organization_id = $1 and seq = 7`, [acme.id])
    expect(rows).toEqual([{ recent: true }])
  })

  it('is later than the one before it, however many a moment brings', async () => {
    await db.as(service, run => run(`insert into public.audit_log (organization_id, actor_type, action) select $1, 'system', 'scan.completed' from generate_series(1, 50)`, [acme.id]))
    const { rows } = await db.run('select count(*) as n from (select created_at > lag(created_at) over (order by seq) as later from public.audit_log where organization_id = $1) x where later', [acme.id])
    expect(Number(rows[0]?.n)).toBe(55)
    expect(await verify()).toMatchObject({ checked: 56, fault_kind: null })
  })

  it('of no organization is chained, too', async () => {
    for (let i = 0; i < 3; i++) await db.as(service, run => run(insert, [null, 'nobody@example.com']))
    const verdict = async () => (await db.run(`select checked, fault_kind, fault_seq from private.audit_faults('00000000-0000-0000-0000-000000000000', 0, 100)`)).rows[0]
    const { checked, fault_kind } = await verdict() ?? {}
    expect([Number(checked) >= 3, fault_kind]).toEqual([true, null])
    await db.run(`update public.audit_log set actor_email = 'x' where organization_id is null and seq = 2`)
    expect(await verdict()).toMatchObject({ fault_kind: 'misfit' })
  })

  it('leaves no trace when its transaction does not hold', async () => {
    await db.tryAs(service, run => run(insert, [acme.id, 'gone@example.com']))
    await db.as(service, run => run(insert, [acme.id, 'stays@example.com']))
    expect(await verify()).toMatchObject({ checked: 7, head_seq: 7, fault_kind: null })
  })
})

describe('where the chain ends', () => {
  it.each([
    `insert into public.audit_heads (organization_id, seq, hash, at) values (gen_random_uuid(), 1, repeat('0', 64), now())`,
    'update public.audit_heads set seq = 1', 'delete from public.audit_heads', 'truncate public.audit_heads',
  ])('is nobody\'s to write: %s', async (sql) => {
    for (const who of [service, user(acme.owner)]) expect((await refusal(db.tryAs(who, run => run(sql)))).code).toBe('42501')
  })

  it('holds against fifty who write at once', async () => {
    const others = await newOrganization(db.run)
    await Promise.all(Array.from({ length: 50 }, (_, index) => db.as(service, run => run(insert, [index % 5 ? acme.id : others.id, `at-once-${index}@example.com`]))))
    expect(await verify()).toMatchObject({ checked: 46, head_seq: 46, fault_kind: null })
    expect(await verify(others.id, 0, 100, others.owner)).toMatchObject({ checked: 10, head_seq: 10, fault_kind: null })
  })
})

describe('a break', () => {
  /** @param elsewhere whether the entry has a place under another number: null when it need not be looked for */
  const expectFault = async (kind: string, seq: number, id: unknown, elsewhere: boolean | null = null) => {
    // In pages and chunks of any size, the same one.
    for (const limit of [100, 1, 2, 3, 5, 6]) {
      let verdict = await verify(acme.id, 0, limit)
      for (let page = 0; verdict && !verdict.fault_kind && !verdict.complete && page < 20; page++) verdict = await verify(acme.id, verdict.last_seq, limit)
      expect(verdict, `in pages of ${limit}`).toMatchObject({ fault_kind: kind, fault_seq: seq, fault_id: id })
      if (elsewhere !== null) expect(await find(id, limit) !== null, `in chunks of ${limit}`).toBe(elsewhere)
    }
  }
  it.each([
    'detail = \'{"name": "Other"}\'', `actor_email = 'somebody@example.com'`, `actor_id = gen_random_uuid()`, `created_at = created_at - interval '1 microsecond'`,
    `action = 'integration.removed'`, `target_type = 'integration', target_id = 'x'`, `ip = null`, `user_agent = ''`, `request_id = 'x'`, `actor_type = 'worker'`, 'id = gen_random_uuid()',
    `hash = '${'0'.repeat(64)}'`, `prev_hash = '${'f'.repeat(64)}'`,
  ])('by `set %s` is a misfit that has no other place', async (set) => {
    for (const seq of [6, 3, 1]) {
      await alter(seq, set)
      await expectFault('misfit', seq, await idOf(seq), false)
    }
  })

  it.each([6, 3, 1])('by altering entry %i and hashing it anew is found by the one after it, or the end', async (seq) => {
    await alter(seq, `actor_email = 'x'`)
    await alter(seq, rehashed)
    if (seq === 6) return expectFault('altered', 6, await idOf(6))
    await expectFault('unchained', seq + 1, await idOf(seq + 1), false)
    expect(await verify()).toMatchObject({ before_id: await idOf(seq) })
    expect(await verify(acme.id, seq, 1)).toMatchObject({ before_id: await idOf(seq) })
  })

  it.each([6, 3, 1])('by deleting entry %i is `removed`', async (seq) => {
    await remove(seq)
    await expectFault('removed', seq, null)
  })

  it('by deleting everything is `removed`', async () => {
    await db.run('delete from public.audit_log where organization_id = $1', [acme.id])
    await expectFault('removed', 1, null)
  })

  it.each([[2, 3], [2, 5], [1, 6], [5, 6]])('by swapping the numbers %i and %i is a misfit that has its place there', async (a, b) => {
    await swap(a, b)
    await expectFault('misfit', a, await idOf(a), true)
    // In the chunk that holds the number it was written as.
    expect(await find(await idOf(a), 1)).toBe(b)
  })

  it('by swapping two, each hashed anew, is named too', async () => {
    await swap(2, 5)
    for (const seq of [2, 5]) await alter(seq, rehashed)
    await expectFault('unchained', 2, await idOf(2), true)
  })

  it('by deleting one and moving up the rest is named where it begins', async () => {
    await remove(3)
    for (const seq of [4, 5, 6]) await alter(seq, `seq = ${seq - 1}`)
    await expectFault('misfit', 3, await idOf(3), true)
  })

  it('by a forged entry after the end is `inserted`', async () => {
    await expectFault('inserted', 7, await forge(7))
  })

  it('by a forged entry in the place of another is found by the one after it', async () => {
    await remove(3)
    const forged = await forge(3)
    await expectFault('unchained', 4, await idOf(4), false)
    expect(await verify()).toMatchObject({ before_id: forged })
  })

  it('by moving an entry to another organization is `removed` here and `inserted` there', async () => {
    const others = await newOrganization(db.run)
    await alter(3, `organization_id = '${others.id}'`)
    await expectFault('removed', 3, null)
    expect(await verify(others.id, 0, 100, others.owner)).toMatchObject({ fault_kind: 'inserted', fault_seq: 3 })
  })

  it('names the first of several', async () => {
    await remove(5)
    await alter(2, `ip = null`)
    await expectFault('misfit', 2, await idOf(2), false)
  })

  it('of the end itself stops the log rather than forks it', async () => {
    await db.run('update public.audit_heads set seq = 3 where organization_id = $1', [acme.id])
    expect((await refusal(db.as(service, run => run(insert, [acme.id, 'x@example.com'])))).code).toBe('23505')
    await expectFault('altered', 3, await idOf(3))
  })
})

describe('verifying', () => {
  it('is for owners and admins of that organization', async () => {
    expect(await verify(acme.id, 0, 100, acme.admin)).toMatchObject({ checked: 6 })
    const others = await newOrganization(db.run)
    expect(await verify(acme.id, 0, 100, acme.member)).toBeUndefined()
    expect(await verify(acme.id, 0, 100, others.owner)).toBeUndefined()
    expect(await verify('00000000-0000-0000-0000-000000000000')).toBeUndefined()
    await alter(3, 'seq = 1000')
    expect(await find(await idOf(1000), 2, acme.id, acme.admin)).toBe(3)
    for (const [organization, who] of [[acme.id, acme.member], [acme.id, others.owner], [others.id, others.owner]] as const) expect(await find(await idOf(1000), 2, organization, who)).toBeNull()
    await alter(1000, 'seq = 3')
    for (const [who, rows] of [[acme.admin, 6], [acme.member, 0], [others.owner, 0]] as const) {
      expect((await db.as(user(who), run => run('select * from public.export_audit_entries($1)', [acme.id]))).rows).toHaveLength(rows)
    }
  })

  it('does not take a text that looks like the number for it', async () => {
    await db.as(service, run => run(`insert into public.audit_log (organization_id, actor_type, actor_email, action, detail, ip) values ($1, 'user', 'x', 'scan.completed', '{"seq": 7}', '"seq": 7')`, [acme.id]))
    await swap(2, 7)
    expect(await find(await idOf(2), 1)).toBe(7)
  })

  it('of an empty log finds nothing wrong', async () => {
    const others = await newOrganization(db.run)
    expect(await verify(others.id, 0, 100, others.owner)).toMatchObject({ checked: 0, complete: true, head_seq: 0, head_hash: genesis, fault_kind: null })
  })
})
