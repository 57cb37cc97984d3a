import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { service, type Row, type TestDatabase } from '../../support/database.ts'
import { newOrganization, sha256 } from '../../support/organizations.ts'

interface Answer { granted: number, window: number, lasts: number, wait: number, calls: number | null }
interface Wish { who?: string, want?: number, returned?: number, window?: number, spent?: number, person?: boolean, note?: object, calls?: number | null, seconds?: number, of?: string }

/** The limiter's buckets: windows, what answers say of them, shares and the reserve. */
export function permits(database: () => TestDatabase): void {
  let db: TestDatabase
  let key: string
  let [acme, blue, cyan] = ['', '', '']
  beforeEach(async () => {
    db = database()
    key = `counting:${sha256(randomUUID()).slice(32)}`
    ;[acme, blue, cyan] = (await Promise.all([1, 2, 3].map(() => newOrganization(db.run)))).map(one => one.id) as [string, string, string]
  })

  interface Taken { answers: Answer[], scarce: string[] | null }
  const takeAll = async (wishes: Wish[]) => (await db.as(service, run => run('select public.take_permits($1::text::jsonb) as taken', [JSON.stringify(wishes.map(
    ({ who = acme, want = 1, returned = 0, window = null, spent = 0, person = false, note = null, calls = 100, seconds = 60, of = key }) =>
      ({ key: of, calls, seconds, organization_id: who, want, returned, window, spent, person, note })))]))).rows[0]?.taken as Taken
  const take = async (wish: Wish = {}) => (await takeAll([wish])).answers[0] ?? never()
  const note = (said: object, calls: number | null = 100) => db.as(service, run => run('select public.note_rates($1::text::jsonb)', [JSON.stringify([{ key, calls, seconds: 60, note: said }])]))
  const bucket = async (): Promise<Row> => (await db.run(`select calls, remaining, phase, window_number::integer as window,
    extract(epoch from resets_at - clock_timestamp())::float as left, extract(epoch from blocked_until - clock_timestamp())::float as blocked
    from public.rate_buckets where key = $1`, [key])).rows[0] ?? {}
  /** So many seconds pass, for this bucket. */
  const pass = async (seconds: number) => {
    const at = (column: string) => `${column} = ${column} - make_interval(secs => ${seconds})`
    await db.run(`update public.rate_buckets set ${at('started_at')}, ${at('resets_at')}, ${at('blocked_until')} where key = $1`, [key])
    await db.run(`update public.rate_shares set ${at('wants_until')} where key = $1`, [key])
  }
  const never = (): never => { throw new Error('There is no answer') }

  describe('take_permits', () => {
    it('gives what there is, and then says how long to wait', async () => {
      expect(await take({ want: 60, person: true })).toMatchObject({ granted: 60, window: 1, wait: 0, calls: 100 })
      expect(await take({ want: 60, person: true })).toMatchObject({ granted: 40, wait: 0 })
      const last = await take({ want: 60, person: true })
      expect(last.granted).toBe(0)
      expect(last.wait).toBeGreaterThan(60)
      expect(last.wait).toBeLessThanOrEqual(61.25)
    })

    it('answers several asks in their order, of whichever buckets', async () => {
      const other = `another:${key.slice(-32)}`
      const { answers } = await takeAll([{ want: 3 }, { of: other, want: 5 }, { want: 4 }, { of: other, want: 6, calls: 7, person: true }])
      expect(answers.map(one => one.granted)).toEqual([3, 5, 4, 6])
      expect((await takeAll([])).answers).toEqual([])
    })

    it('takes back what was not used, of the same window only', async () => {
      const { window } = await take({ want: 10 })
      await take({ want: 0, returned: 4, window })
      expect((await bucket()).remaining).toBe(94)
      await pass(62)
      await take({ want: 0, returned: 4, window })
      expect(await bucket()).toMatchObject({ remaining: 100, window: 2 })
    })

    it('counts what was spent without asking', async () => {
      await take({ want: 0, spent: 1 })
      await take({ want: 5, spent: 1 })
      expect((await bucket()).remaining).toBe(93)
      // The provider had counted it when it said how many remain.
      await take({ want: 0, spent: 1, note: { limit: 100, remaining: 92, resets_in: 60 } })
      expect((await bucket()).remaining).toBe(92)
      await take({ want: 92, person: true })
      await take({ want: 0, spent: 1 })
      expect((await bucket()).remaining).toBe(0)
    })

    it('names what is scarce: small, almost used up, or shut', async () => {
      const [small, low, shut, roomy] = ['small', 'low', 'shut', 'roomy'].map(name => `${name}:${key.slice(-32)}`)
      const { scarce } = await takeAll([{ of: small, calls: 49 }, { of: low, want: 90 }, { of: shut, note: { blocked_for: 9 } }, { of: roomy, want: 89 }])
      expect(scarce?.filter(one => one.endsWith(key.slice(-32))).sort()).toEqual([low, shut, small])
      for (const one of [small, low]) await db.run('update public.rate_buckets set resets_at = clock_timestamp() where key = $1', [one])
      expect((await takeAll([])).scarce?.filter(one => one.endsWith(key.slice(-32)))).toEqual([shut])
    })

    it('begins another window when one is over, with everything in it', async () => {
      await take({ want: 100, person: true })
      await pass(62)
      expect(await take({ want: 10 })).toMatchObject({ granted: 10, window: 2 })
      expect((await bucket()).remaining).toBe(90)
    })

    it('gives nothing in the last moment of a window, which may be another one at the provider', async () => {
      await take()
      await pass(60.5)
      const answer = await take({ want: 5 })
      expect(answer).toMatchObject({ granted: 0, lasts: 0 })
      expect(answer.wait).toBeLessThan(1)
    })

    it('keeps a twentieth for persons, until the window is almost over', async () => {
      expect((await take({ want: 200 })).granted).toBe(95)
      const refused = await take({ want: 200 })
      expect(refused.granted).toBe(0)
      // Until the last tenth.
      expect(refused.wait).toBeGreaterThan(52)
      expect(refused.wait).toBeLessThan(55)
      expect((await take({ want: 2, person: true, who: blue })).granted).toBe(2)
      await pass(54.5)
      expect((await take({ want: 200 })).granted).toBe(3)
    })

    it('gives no more than an equal share while others want, and all when they are done', async () => {
      expect((await take({ want: 50 })).granted).toBe(50)
      expect((await take({ who: blue, want: 10 })).granted).toBe(10)
      expect((await take({ who: cyan, want: 10 })).granted).toBe(10)
      // It has had more than a third already.
      expect(await take({ want: 50 })).toMatchObject({ granted: 0, wait: 2 })
      expect((await take({ who: blue, want: 50 })).granted).toBe(23)
      await take({ who: blue, want: 0 })
      await take({ who: cyan, want: 0 })
      expect((await take({ want: 50 })).granted).toBe(2)
    })

    it('forgets who wanted something and came no more', async () => {
      await take({ want: 50 })
      await take({ who: blue, want: 10 })
      expect((await take({ want: 50 })).granted).toBe(0)
      await pass(8)
      expect((await take({ want: 50 })).granted).toBe(35)
    })

    it('keeps the place of who was told to come back at the end of the window', async () => {
      await take({ want: 95 })
      await pass(55.5)
      await take({ want: 5 })
      await take({ who: blue, want: 10 })
      await pass(7)
      expect((await take({ want: 100 })).granted).toBe(50)
      expect((await take({ who: blue, want: 50 })).granted).toBe(45)
    })

    it('gives a few at a time while nobody has said how many there are', async () => {
      expect(await take({ want: 50, calls: null })).toMatchObject({ granted: 10, calls: null })
      expect(await take({ want: 50, calls: null, who: blue })).toMatchObject({ granted: 10 })
      await take({ calls: null, want: 0, note: { limit: 30, remaining: 12, resets_in: 40 } })
      expect(await bucket()).toMatchObject({ calls: 30, remaining: 12 })
    })

    it('asks for no organization that is gone', async () => {
      expect((await take({ who: randomUUID(), want: 3 })).granted).toBe(3)
    })
  })

  describe('what answers say', () => {
    it('lowers what remains, never raises it within a window', async () => {
      await take({ want: 10 })
      await note({ limit: 100, remaining: 70, resets_in: 30 })
      expect(await bucket()).toMatchObject({ remaining: 70, phase: 'said' })
      await note({ limit: 100, remaining: 90, resets_in: 30 })
      expect((await bucket()).remaining).toBe(70)
    })

    it('moves the end of the window to where the provider says it is', async () => {
      await take()
      await note({ remaining: 90, resets_in: 12 })
      expect((await bucket()).left).toBeCloseTo(12, 0)
      // In whole seconds: the later one of two is right.
      await note({ remaining: 89, resets_in: 12.8 })
      await note({ remaining: 88, resets_in: 12.1 })
      expect((await bucket()).left).toBeGreaterThan(12.5)
    })

    it('of a limit that is higher or lower than documented counts from this window on', async () => {
      await take({ want: 10 })
      await note({ limit: 5000, remaining: 4990, resets_in: 30 })
      expect(await bucket()).toMatchObject({ calls: 5000, remaining: 4990 })
      await note({ limit: 50, remaining: 40, resets_in: 30 })
      expect(await bucket()).toMatchObject({ calls: 50, remaining: 40 })
    })

    it('of a window that the provider has begun already begins it here', async () => {
      await take({ want: 100, person: true })
      await note({ limit: 100, remaining: 0, resets_in: 10 })
      await note({ limit: 100, remaining: 95, resets_in: 60 })
      expect(await bucket()).toMatchObject({ remaining: 95, window: 2 })
    })

    it.each([['said', 60], ['following', null]])('of the window before, come late, is nothing of this one (%s)', async (phase, resetsIn) => {
      await take()
      await note({ limit: 100, remaining: 1, resets_in: 2 })
      await pass(2.5)
      await take()
      if (resetsIn !== null) await note({ limit: 100, remaining: 99, resets_in: resetsIn })
      expect((await bucket()).phase).toBe(phase)
      await note({ limit: 100, remaining: 0, resets_in: 0.4 })
      expect((await bucket()).remaining).toBeGreaterThanOrEqual(98)
    })

    it('after a pause may be of any window', async () => {
      await take()
      await note({ limit: 100, remaining: 1, resets_in: 2 })
      await pass(100)
      await take()
      expect((await bucket()).phase).toBe('guessed')
      await note({ limit: 100, remaining: 50, resets_in: 5 })
      expect(await bucket()).toMatchObject({ remaining: 50, phase: 'said' })
    })

    it('of a 429 shuts the bucket for everybody, a person too, and for the longest time that was said', async () => {
      await note({ blocked_for: 100 })
      await note({ blocked_for: 10 })
      const answer = await take({ person: true })
      expect(answer.granted).toBe(0)
      expect(answer.wait).toBeGreaterThan(98)
      await pass(101)
      expect((await take()).granted).toBe(1)
    })
  })
}
