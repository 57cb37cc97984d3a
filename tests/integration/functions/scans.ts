import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, type Row, type TestDatabase } from '../../support/database.ts'
import { newIntegration, newOrganization, newResource, type Seeded } from '../../support/organizations.ts'

/** Claiming what is due, and the life of an assessment under its lease. */
export function scans(database: () => TestDatabase): void {
  const seen = '2026-01-01T00:00:00.123456Z'
  let db: TestDatabase
  let acme: Pick<Seeded, 'id'>
  let integration: string
  let resource: string
  beforeEach(async () => {
    db = database()
    acme = await newOrganization(db.run)
    integration = await newIntegration(db.run, acme.id, seen)
    resource = await newResource(db.run, integration, acme.id)
  })

  const rowsOf = async (sql: string, values: unknown[]) => (await db.as(service, run => run(sql, values))).rows
  const entry = (action: string) => JSON.stringify({ actor_type: 'worker', action, target_type: 'integration', target_id: integration, detail: { x: 1 } })
  const call = async (sql: string, values: unknown[]) => (await rowsOf(`select ${sql} as outcome`, values))[0]?.outcome

  describe('claim_due_integrations', () => {
    const claim = (ids: string[], at = seen) => rowsOf('select * from public.claim_due_integrations($1::text::jsonb)',
      [JSON.stringify(ids.map(id => ({ id, seen: at, next: '2026-01-02T00:00:00Z' })))])

    it('claims each integration once for schedulers that come at once', async () => {
      const ids = [integration]
      for (let index = 0; index < 4; index++) ids.push(await newIntegration(db.run, acme.id, seen))
      const claims = (await Promise.all([claim(ids), claim(ids.toReversed()), claim(ids)])).flat()
      expect(claims.map(one => one.integration_id).sort()).toEqual(ids.sort())
      expect((await db.run(`select 1 from public.assessments where organization_id = $1 and trigger = 'schedule' and status = 'queued'`, [acme.id])).count).toBe(5)
      expect((await db.run(`select 1 from public.integrations where organization_id = $1 and next_check_at = '2026-01-02T00:00:00Z'`, [acme.id])).count).toBe(5)
    })

    it('leaves alone what was changed since it was read, and what is not active', async () => {
      expect(await claim([integration], '2026-01-01T00:00:00.123457Z')).toEqual([])
      await db.run(`update public.integrations set status = 'paused' where id = $1`, [integration])
      expect(await claim([integration])).toEqual([])
    })

    it('moves on without a second assessment where one is open', async () => {
      await db.run(`insert into public.assessments (organization_id, integration_id, trigger) values ($1, $2, 'manual')`, [acme.id, integration])
      expect(await claim([integration])).toEqual([])
      expect((await db.run(`select 1 from public.integrations where id = $1 and next_check_at = '2026-01-02T00:00:00Z'`, [integration])).count).toBe(1)
      expect((await db.run('select 1 from public.assessments where integration_id = $1', [integration])).count).toBe(1)
    })
  })

  describe('an assessment', () => {
    let id: string
    beforeEach(async () => {
      id = String((await db.run(`insert into public.assessments (organization_id, integration_id, trigger) values ($1, $2, 'manual') returning id`, [acme.id, integration])).rows[0]?.id)
    })
    const start = async (owner: string) => (await rowsOf('select * from public.start_assessment($1, $2, 30)', [id, owner])).length === 1
    const report = (owner: string, done: number, total: number) => call('public.report_progress($1, $2, $3::int, $4::int, 30)', [id, owner, done, total])
    const result = (verdict: string, check = 'rls_enabled', fields: Row = {}) => ({
      resource_id: resource, check_id: check, verdict, severity: 'high', category: 'rls', summary: 's', evidence: { n: 1 }, checked_at: '2026-01-01T00:00:00Z', ...fields,
    })
    const store = (owner: string, results: object[]) => call('public.store_results($1, $2, $3::text::jsonb, $4, 0, 0, 30)', [id, owner, JSON.stringify(results), resource])
    /** Everything stored in one portion, and the end. */
    const complete = async (owner: string, results: object[]) => await store(owner, results) && call('public.complete_assessment($1, $2, $3::text::jsonb)', [id, owner, entry('scan.completed')])
    const expire = () => db.run(`update public.assessments set lease_until = clock_timestamp() - interval '1 ms' where id = $1`, [id])
    const row = async (): Promise<Row> => (await db.run('select * from public.assessments where id = $1', [id])).rows[0] ?? {}
    const unclaimed = async () => (await rowsOf('select id from public.unclaimed_assessments(100000) as id', [])).map(one => one.id)
    const findings = async () => (await db.run('select check_id, status, resolution, resolved_at is not null as resolved, first_seen_at, last_seen_at from public.findings where integration_id = $1 order by 1', [integration])).rows
    /** A whole run with these results. */
    const scan = async (results: object[]) => {
      if ((await row()).status !== 'queued') {
        id = String((await db.run(`insert into public.assessments (organization_id, integration_id, trigger) values ($1, $2, 'manual') returning id`, [acme.id, integration])).rows[0]?.id)
      }
      expect(await start('w')).toBe(true)
      expect(await complete('w', results)).toBe(true)
    }

    it('goes to one of many workers, and to the next one when that one has fallen silent', async () => {
      expect((await Promise.all(['a', 'b', 'c', 'd'].map(start))).filter(Boolean)).toHaveLength(1)
      expect(await unclaimed()).not.toContain(id)
      expect(await start('late')).toBe(false)
      await expire()
      expect(await unclaimed()).toContain(id)
      expect(await start('late')).toBe(true)
      expect(await row()).toMatchObject({ status: 'running', lease_owner: 'late', progress_done: 0 })
    })

    it('stores nothing for a worker that lost it', async () => {
      await start('slow')
      await expire()
      await start('next')
      expect(await report('slow', 1, 2)).toBe(false)
      expect(await complete('slow', [result('fail')])).toBe(false)
      expect(await call(`public.fail_assessment($1, 'slow', '{}', $2::text::jsonb)`, [id, entry('scan.failed')])).toBe(false)
      expect(await call(`public.release_assessment($1, 'slow')`, [id])).toBe(false)
      expect(await row()).toMatchObject({ status: 'running', lease_owner: 'next', progress_done: 0, error: null })
      expect(await findings()).toEqual([])
      expect((await db.run('select 1 from public.assessment_results where assessment_id = $1', [id])).count).toBe(0)
    })

    it('is completed once', async () => {
      await start('w')
      expect((await Promise.all([complete('w', [result('pass')]), complete('w', [result('pass')])])).filter(Boolean)).toHaveLength(1)
      expect(await complete('w', [])).toBe(false)
      expect(await start('again')).toBe(false)
      expect(await row()).toMatchObject({ status: 'completed', lease_owner: null, score: 100 })
    })

    it('is completed wholly or not at all', async () => {
      await start('w')
      expect((await refusal(complete('w', [result('pass'), result('maybe', 'other')]))).code).toBe('23514')
      expect(await row()).toMatchObject({ status: 'running' })
      expect((await db.run('select 1 from public.assessment_results where assessment_id = $1', [id])).count).toBe(0)
    })

    it('reports progress while it runs, and renews its lease by it', async () => {
      await start('w')
      await db.run(`update public.assessments set lease_until = clock_timestamp() + interval '1 s' where id = $1`, [id])
      expect(await report('w', 3, 10)).toBe(true)
      expect((await db.run(`select 1 from public.assessments where id = $1 and progress_done = 3 and progress_total = 10 and lease_until > clock_timestamp() + interval '20 s'`, [id])).count).toBe(1)
      expect(await call(`public.release_assessment($1, 'w')`, [id])).toBe(true)
      expect(await row()).toMatchObject({ status: 'queued', lease_owner: null })
      expect(await unclaimed()).toContain(id)
    })

    it('counts every verdict, and scores what has one', async () => {
      await scan([result('pass', 'a'), result('pass', 'b'), result('fail', 'c'), result('error', 'd'), result('not_applicable', 'e')])
      expect(await row()).toMatchObject({ score: 66, counts: { pass: 2, fail: 1, error: 1, not_applicable: 1 } })
      await scan([result('error', 'd')])
      expect(await row()).toMatchObject({ score: null })
    })

    it('drops results of a resource that went away, or is another integration\'s', async () => {
      const elsewhere = await newResource(db.run, await newIntegration(db.run, acme.id), acme.id)
      await scan([result('pass'), result('fail', 'x', { resource_id: elsewhere }), result('fail', 'y', { resource_id: '00000000-0000-4000-8000-000000000000' })])
      expect(await row()).toMatchObject({ counts: { pass: 1, fail: 0, error: 0, not_applicable: 0 } })
      expect(await findings()).toEqual([])
    })

    it('opens a finding, keeps it through an error, resolves it on a pass, and opens it anew', async () => {
      const at = (day: number) => ({ checked_at: `2026-01-0${day}T00:00:00Z` })
      const state = async () => (await findings()).map(one => [one.resolution ?? one.status, new Date(String(one.first_seen_at)).getUTCDate(), new Date(String(one.last_seen_at)).getUTCDate()])
      await scan([result('fail', 'a', at(1))])
      expect(await state()).toEqual([['open', 1, 1]])
      await scan([result('error', 'a', at(2))])
      expect(await state()).toEqual([['open', 1, 1]])
      await scan([result('fail', 'a', at(3))])
      expect(await state()).toEqual([['open', 1, 3]])
      await scan([result('pass', 'a', at(4))])
      expect(await state()).toEqual([['fixed', 1, 3]])
      await scan([result('fail', 'a', at(5))])
      expect(await state()).toEqual([['open', 5, 5]])
      await scan([result('not_applicable', 'a', at(6))])
      expect(await state()).toEqual([['not_applicable', 5, 5]])
    })

    describe('findings of a resource that vanishes', () => {
      const vanish = (since = 'now()') => db.as(service, run => run(`update public.integration_resources set missing_since = ${since} where id = $1`, [resource]))

      it('are gone, whoever says that it vanished; those that were resolved before keep why', async () => {
        await scan([result('fail', 'a'), result('fail', 'b')])
        await scan([result('pass', 'a')])
        await vanish()
        expect((await findings()).map(one => [one.check_id, one.resolution, one.resolved])).toEqual([['a', 'fixed', true], ['b', 'gone', true]])
        await vanish('null')
        expect((await findings()).map(one => one.status)).toEqual(['resolved', 'resolved'])
        await scan([result('fail', 'b')])
        expect((await findings()).map(one => [one.status, one.resolution])).toEqual([['resolved', 'fixed'], ['open', null]])
      })

      it('do not open by a scan that had asked before', async () => {
        await scan([result('fail', 'a')])
        await vanish()
        await scan([result('fail', 'a'), result('fail', 'new')])
        expect((await findings()).map(one => [one.check_id, one.resolution])).toEqual([['a', 'gone'], ['new', 'gone']])
      })

      it('are fixed or gone by whoever resolves them without a word', async () => {
        await scan([result('fail', 'a'), result('fail', 'b')])
        await db.as(service, run => run(`update public.findings set status = 'resolved', resolved_at = now() where integration_id = $1 and check_id = 'a'`, [integration]))
        await db.as(service, run => run(`update public.findings set status = 'resolved', resolved_at = now(), resolution = 'not_applicable' where integration_id = $1 and check_id = 'b'`, [integration]))
        expect((await findings()).map(one => one.resolution)).toEqual(['fixed', 'not_applicable'])
      })
    })

    it('fails with a reason, and leaves the findings as they were', async () => {
      await scan([result('fail')])
      const before = await findings()
      id = String((await db.run(`insert into public.assessments (organization_id, integration_id, trigger) values ($1, $2, 'manual') returning id`, [acme.id, integration])).rows[0]?.id)
      await start('w')
      expect(await call(`public.fail_assessment($1, 'w', '{"code": "x"}', $2::text::jsonb)`, [id, entry('scan.failed')])).toBe(true)
      expect(await row()).toMatchObject({ status: 'failed', error: { code: 'x' } })
      expect(await findings()).toEqual(before)
    })

    it('goes with its integration, and a worker in the middle of it stores nothing', async () => {
      await start('w')
      await db.run('delete from public.integrations where id = $1', [integration])
      expect(await report('w', 1, 1)).toBe(false)
      expect(await complete('w', [result('fail')])).toBe(false)
      expect(await findings()).toEqual([])
    })
  })
}
