import { beforeAll, expect, it } from 'vitest'
import type { TestDatabase } from '../../support/database.ts'
import { deedsOf, type Deed } from './deeds.ts'
import { rowsOf, type Scene } from './scene.ts'
import { isLocked, stops, whileHeld } from './stops.ts'
import { takers } from './takers.ts'

/** Each function by itself: where it stops, and that it has nothing by then that comes later in the order. */
export function order(stage: () => { db: TestDatabase, scene: Scene }): void {
  let db: TestDatabase
  let scene: Scene
  let deeds: Record<string, Deed>
  beforeAll(() => {
    ({ db, scene } = stage())
    deeds = deedsOf(scene)
  })

  it('is asked of every function that locks rows of several tables', async () => {
    expect((await takers(db.run)).filter(name => !(name in deeds)), 'To fix: say in lock-order/deeds.ts how it is called, and where it stops').toEqual([])
  })

  it('is kept by each function', { timeout: 120_000 }, async () => {
    const rows = rowsOf(scene)
    const seen: Record<string, { stops: string[], tooEarly: string[] }> = {}
    for (const [name, { sql, values, as }] of Object.entries(deeds)) {
      const noted: { stops: string[], tooEarly: string[] } = { stops: [], tooEarly: [] }
      for (const row of rows) {
        let call: Promise<unknown> = Promise.resolve()
        await whileHeld(db, row, async () => {
          call = db.tryAs(as, run => run(`select ${sql}`, values))
          if (!await stops(db, call)) return
          noted.stops.push(row.name)
          for (const other of rows) {
            if (other.rank > row.rank && await isLocked(db, other)) noted.tooEarly.push(`${other.name} before ${row.name}`)
          }
        })
        await call
      }
      seen[name] = noted
    }
    expect(seen).toEqual(Object.fromEntries(Object.entries(deeds).map(([name, { stops }]) => [name, { stops, tooEarly: [] }])))
  })
}
