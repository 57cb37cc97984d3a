import { describe, expect, it } from 'vitest'
import { Fault, Skipped, type Check, type Context } from '#server/doctor/contract'
import { clock } from '#server/doctor/checks/clock'
import { examine } from '#server/doctor'
import { failed, report } from '#server/doctor/report'

const check = (name: string, run: Check['run']): Check => ({ name, run })
const nothing = {} as Context

describe('examine', () => {
  it('runs every check, whatever became of the others', async () => {
    const results = await examine(nothing, [
      check('a', async () => 'fine'),
      check('b', () => Promise.reject(new Fault('broken', 'mend it'))),
      check('c', () => Promise.reject(new Skipped('not here'))),
      check('d', () => Promise.reject(Object.assign(new Error('connect postgresql://me:hunter2@db/x\nmore'), { code: 'EPIPE' }))),
      check('e', async () => [{ ok: true, detail: 'one' }, { name: 'e two', ok: false, detail: 'other', fix: 'this' }]),
    ])
    expect(results).toEqual([
      { name: 'a', ok: true, detail: 'fine' },
      { name: 'b', ok: false, detail: 'broken', fix: 'mend it' },
      { name: 'c', ok: 'skipped', detail: 'not here' },
      { name: 'd', ok: false, detail: 'could not be checked: EPIPE: connect postgresql://[redacted]@db/x', fix: 'mend what it says and run this again' },
      { name: 'e', ok: true, detail: 'one' },
      { name: 'e two', ok: false, detail: 'other', fix: 'this' },
    ])
    expect(report(results).split('\n')).toEqual([
      'ok   a: fine', 'FAIL b: broken. To fix: mend it', 'skip c: not here',
      'FAIL d: could not be checked: EPIPE: connect postgresql://[redacted]@db/x. To fix: mend what it says and run this again',
      'ok   e: one', 'FAIL e two: other. To fix: this', '', '2 ok, 3 failed, 1 skipped'])
    expect([failed(results), failed(results.filter(result => result.ok !== false))]).toEqual([true, false])
  })
})

describe('the clock', () => {
  /** A database whose clock is this much ahead, asked by a machine whose clock stands at 0. */
  const context = (aheadMs: number, clocks: Context['clocks'] = []): Context => ({
    ...nothing, clocks, now: () => 0, env: (() => ({})) as unknown as Context['env'], query: async () => [{ at: String(aheadMs) }],
  })

  it('agrees within half a minute', async () => {
    expect(await clock.run(context(29_999))).toBe('agrees with the database')
    expect(await clock.run(context(-29_999, [{ whose: 'a.example', skewMs: 1 }]))).toBe('agrees with the database, a.example')
  })

  it('is off beyond that, here or there', async () => {
    await expect(clock.run(context(30_001))).rejects.toMatchObject({ message: 'the database is 30.0 s ahead of this machine', fix: expect.stringContaining('this machine\'s') as string })
    await expect(clock.run(context(0, [{ whose: 'a.example', skewMs: -90_000 }]))).rejects.toMatchObject({ message: 'a.example is 90.0 s behind of this machine' })
  })

  it('can\'t be judged alone', async () => {
    await expect(clock.run({ ...context(0), query: () => Promise.reject(new Skipped('away')) })).rejects.toThrow(Skipped)
  })
})
