/** Holding rows back, and seeing who waits for them. */
import type { Run, TestDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

export interface Lock { table: string, where: string, values: unknown[] }

const asOwner = <T>(db: TestDatabase, use: (run: Run) => Promise<T>) => db.as({ role: 'service_role' }, async (run) => {
  await run('reset role')
  return use(run)
})

/** Somebody else has the row while `use` runs. */
export function whileHeld<T>(db: TestDatabase, { table, where, values }: Lock, use: () => Promise<T>): Promise<T> {
  return asOwner(db, async (run) => {
    const { count } = await run(`select 1 from public.${table} where ${where} for update`, values)
    if (count !== 1) throw new Error(`${count} rows of ${table} instead of one`)
    return use()
  })
}

/** Whether a transaction that is under way has locked the row, in whatever strength. */
export async function isLocked(db: TestDatabase, { table, where, values }: Lock): Promise<boolean> {
  return (await db.run(`select 1 from public.${table} where ${where} for update skip locked`, values)).count === 0
}

/** Until so many calls wait for a row, or this one is over. @returns whether it waits */
export async function stops(db: TestDatabase, call: Promise<unknown>, waiting = 1): Promise<boolean> {
  let over = false
  const end = () => { over = true }
  call.then(end, end)
  await until(async () => over || Number((await db.run(`select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`)).rows[0]?.count) >= waiting, { intervalMs: 2, what: 'a call that waits or ends' })
  return !over
}
