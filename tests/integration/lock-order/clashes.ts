import { beforeAll, describe, expect, it } from 'vitest'
import { refusal, service, type Run, type TestDatabase } from '../../support/database.ts'
import { deedsOf, type Deed } from './deeds.ts'
import { rowsOf, type Scene } from './scene.ts'
import { stops, whileHeld, type Lock } from './stops.ts'

/** Two at a time: where the first waits for what the second has, the second must not wait for the first. */
export function clashes(stage: () => { db: TestDatabase, scene: Scene }): void {
  let db: TestDatabase
  let scene: Scene
  let deeds: Record<string, Deed>
  beforeAll(() => {
    ({ db, scene } = stage())
    deeds = deedsOf(scene)
  })

  function rowNamed(name: string): Lock {
    const row = rowsOf(scene).find(one => one.name === name)
    if (!row) throw new Error(`There is no ${name}`)
    return row
  }
  async function call(run: Run, name: string): Promise<unknown> {
    const deed = deeds[name]
    if (!deed) throw new Error(`There is no ${name}`)
    return (await run(`select ${deed.sql} as outcome`, deed.values)).rows[0]?.outcome
  }
  const attempt = (name: string) => db.tryAs(deeds[name]?.as ?? service, run => call(run, name))

  // Each stops at the row that somebody else has, the second behind the first or at what it has.
  it.each([
    ['apply_deliveries', 'claim_due_integrations', 'lower log'],
    ['apply_deliveries', 'finish_refresh', 'lower log'],
    ['store_connection', 'store_listed', 'first integration'],
    ['store_connection', 'end_listing', 'first integration'],
    ['store_connection', 'complete_assessment', 'first integration'],
    ['store_connection', 'fail_assessment', 'first integration'],
    ['store_pending_connection', 'fail_assessment', 'first integration'],
    ['claim_due_integrations', 'store_listed', 'first integration'],
    ['claim_due_integrations', 'fail_assessment', 'first integration'],
    ['remove_integration', 'record_signals', 'resource'],
    ['remove_integration', 'store_results', 'result'],
  ])('%s and %s both come to their end', async (first, second, held) => {
    const calls = await whileHeld(db, rowNamed(held), async () => {
      const one = attempt(first)
      expect(await stops(db, one)).toBe(true)
      const other = attempt(second)
      expect(await stops(db, other, 2)).toBe(true)
      return { both: Promise.all([one, other]) }
    })
    expect((await calls.both).every(outcome => outcome !== null && outcome !== false)).toBe(true)
  })

  describe('a deadlock', () => {
    /** Somebody has the log and then wants the integration, which `use` has; Postgres is told to end `use`. */
    async function against(use: (run: Run) => Promise<unknown>) {
      const integration = rowNamed('second integration')
      return db.tryAs(service, async (run) => {
        await run('reset role')
        await run(`set local deadlock_timeout = '1h'`)
        await run('select 1 from public.audit_heads where organization_id = $1 for update', [scene.second.organization])
        const call = refusal(db.tryAs(service, use))
        expect(await stops(db, call)).toBe(true)
        await run('select 1 from public.integrations where id = $1 for update', integration.values)
        return call
      })
    }

    it('is not taken for a log that fails: who is ended for it can ask again', async () => {
      expect(await against(run => call(run, 'note_refusal'))).toMatchObject({ code: '40P01' })
    })

    it('neither where a credential is handed out', async () => {
      const audit = JSON.stringify({ actor_type: 'system', action: 'credential.used', detail: {} })
      expect(await against(async (run) => {
        await run('select 1 from public.integrations where id = $1 for update', [scene.second.integration])
        return run('select public.take_credential($1, $2::text::jsonb)', [scene.second.integration, audit])
      })).toMatchObject({ code: '40P01' })
    })
  })
}
