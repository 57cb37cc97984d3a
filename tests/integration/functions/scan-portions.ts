import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, user, type Row, type TestDatabase } from '../../support/database.ts'
import { newIntegration, newOrganization, newResource, type Seeded } from '../../support/organizations.ts'

/** What an assessment has before its end: portions of results, pages of the list, pauses. */
export function scanPortions(database: () => TestDatabase): void {
  let db: TestDatabase
  let acme: Pick<Seeded, 'id' | 'member'>
  let integration: string
  /** By id, as a scan goes through them. */
  let resources: string[]
  let id: string
  beforeEach(async () => {
    db = database()
    acme = await newOrganization(db.run)
    integration = await newIntegration(db.run, acme.id)
    resources = []
    for (let n = 0; n < 4; n++) resources.push(await newResource(db.run, integration, acme.id))
    resources.sort()
    id = String((await db.run(`insert into public.assessments (organization_id, integration_id, trigger) values ($1, $2, 'manual') returning id`, [acme.id, integration])).rows[0]?.id)
  })

  const rowsOf = async (sql: string, values: unknown[]) => (await db.as(service, run => run(sql, values))).rows
  const call = async (sql: string, values: unknown[]) => (await rowsOf(`select ${sql} as outcome`, values))[0]?.outcome
  const start = async (owner: string) => (await rowsOf('select * from public.start_assessment($1, $2, 30)', [id, owner]))[0]
  const expire = () => db.run(`update public.assessments set lease_until = clock_timestamp() - interval '1 ms' where id = $1`, [id])
  const row = async (): Promise<Row> => (await db.run('select * from public.assessments where id = $1', [id])).rows[0] ?? {}
  const result = (resource: string | undefined, verdict = 'pass', check = 'rls_enabled') => ({
    resource_id: resource, check_id: check, verdict, severity: 'high', category: 'rls', summary: 's', evidence: { n: 1 }, checked_at: '2026-01-01T00:00:00Z',
  })
  const store = (owner: string, results: object[], cursor: string | undefined, done = 1, total = 4) =>
    call('public.store_results($1, $2, $3::text::jsonb, $4, $5::int, $6::int, 30)', [id, owner, JSON.stringify(results), cursor, done, total])
  const complete = (owner: string) => call('public.complete_assessment($1, $2, $3::text::jsonb)', [id, owner,
    JSON.stringify({ actor_type: 'worker', action: 'scan.completed', target_type: 'integration', target_id: integration, detail: { assessment_id: id } })])
  const fail = (owner: string) => call(`public.fail_assessment($1, $2, '{"code": "x"}', '{"actor_type": "worker", "action": "scan.failed"}')`, [id, owner])
  const stored = async () => (await db.run('select resource_id, verdict from public.assessment_results where assessment_id = $1 order by 1', [id])).rows

  describe('a portion of results', () => {
    it('is stored with its cursor, from which the next worker goes on', async () => {
      expect(await start('a')).toMatchObject({ resource_cursor: null, listed: false, progress_done: 0 })
      expect(await store('a', [result(resources[0]), result(resources[1], 'fail')], resources[1], 2)).toBe(true)
      await expire()
      expect(await start('b')).toMatchObject({ resource_cursor: resources[1], progress_done: 2, progress_total: 4 })
      expect(await store('b', [result(resources[2]), result(resources[3])], resources[3], 4)).toBe(true)
      expect(await complete('b')).toBe(true)
      expect((await stored()).map(one => one.resource_id)).toEqual(resources)
      expect(await row()).toMatchObject({ status: 'completed', score: 75, counts: { pass: 3, fail: 1 }, progress_done: 4, progress_total: 4 })
      expect((await db.run(`select detail from public.audit_log where organization_id = $1 and action = 'scan.completed'`, [acme.id])).rows)
        .toEqual([{ detail: { assessment_id: id, pass: 3, fail: 1 } }])
    })

    it('is refused whoever lost the assessment', async () => {
      await start('slow')
      await expire()
      await start('next')
      expect(await store('slow', [result(resources[0])], resources[0])).toBe(false)
      expect(await complete('slow')).toBe(false)
      expect([await stored(), (await row()).resource_cursor]).toEqual([[], null])
    })

    it('is stored once, however often the database is asked', async () => {
      await start('w')
      const twice = [await store('w', [result(resources[0])], resources[0]), await store('w', [result(resources[0], 'fail')], resources[0])]
      expect(twice).toEqual([true, true])
      expect(await stored()).toEqual([{ resource_id: resources[0], verdict: 'pass' }])
    })

    it('is stored wholly or not at all', async () => {
      await start('w')
      expect((await refusal(store('w', [result(resources[0]), result(resources[0])], resources[0]))).code).toBe('23505')
      expect([await stored(), (await row()).resource_cursor]).toEqual([[], null])
    })

    it('goes on past a resource that was removed meanwhile', async () => {
      await start('w')
      await db.run('delete from public.integration_resources where id = $1', [resources[1]])
      expect(await store('w', [result(resources[0]), result(resources[1])], resources[1], 2)).toBe(true)
      await db.run('delete from public.integration_resources where id = $1', [resources[0]])
      expect(await store('w', [result(resources[2])], resources[3], 3)).toBe(true)
      await complete('w')
      expect(await row()).toMatchObject({ counts: { pass: 1, fail: 0 }, progress_done: 1, progress_total: 1 })
    })

    it('is shown to nobody before the end, and to the organization\'s members after it', async () => {
      const seen = () => db.as(user(acme.member), async run => (await run('select resource_id from public.assessment_results where assessment_id = $1', [id])).count)
      await start('w')
      await store('w', [result(resources[0])], resources[0])
      expect([(await stored()).length, await seen()]).toEqual([1, 0])
      await complete('w')
      expect(await seen()).toBe(1)
    })

    it.each(['failed', 'cancelled'])('goes when the assessment has %s', async (status) => {
      await start('w')
      await store('w', [result(resources[0])], resources[0])
      if (status === 'failed') expect(await fail('w')).toBe(true)
      else await db.run(`update public.assessments set status = 'cancelled' where id = $1`, [id])
      expect([(await row()).status, await stored()]).toEqual([status, []])
    })

    it('goes with its assessment', async () => {
      await start('w')
      await store('w', [result(resources[0])], resources[0])
      await db.run('delete from public.assessments where id = $1', [id])
      expect(await stored()).toEqual([])
    })
  })

  it('begins anew after a release only while nothing is stored', async () => {
    await start('w')
    await call(`public.end_listing($1, 'w', '{}')`, [id])
    await call(`public.release_assessment($1, 'w')`, [id])
    expect(await row()).toMatchObject({ status: 'queued', listed_at: null })
    expect(await start('w')).toMatchObject({ listed: false })
    await call(`public.end_listing($1, 'w', '{}')`, [id])
    await store('w', [result(resources[0])], resources[0])
    await call(`public.release_assessment($1, 'w')`, [id])
    expect(await row()).toMatchObject({ status: 'running', lease_owner: null, resource_cursor: resources[0] })
    expect(await start('x')).toMatchObject({ listed: true })
  })

  it('counts what is left to ask, of each kind', async () => {
    await db.run(`update public.integration_resources set kind = 'team' where id = $1`, [resources[3]])
    await db.run('update public.integration_resources set enabled = false where id = $1', [resources[2]])
    expect(await rowsOf('select * from public.count_targets($1, $2) order by kind', [integration, resources[0]])).toEqual([{ kind: 'project', targets: 1 }, { kind: 'team', targets: 1 }])
  })

  describe('a pause', () => {
    const pause = (owner: string, seconds: number) => call('public.pause_assessment($1, $2, $3::int)', [id, owner, seconds])
    const unclaimed = async () => (await rowsOf('select one as id from public.unclaimed_assessments(100000) one', [])).map(one => one.id)

    it('keeps every worker away until it is over, and adds up', async () => {
      expect(await start('w')).toMatchObject({ pause_left: 86_400 })
      expect(await pause('another', 3_600)).toBe(false)
      expect(await pause('w', 3_600)).toBe(true)
      expect(await row()).toMatchObject({ status: 'running', lease_owner: null, lease_until: null })
      expect(await start('x')).toBeUndefined()
      expect(await unclaimed()).not.toContain(id)
      await db.run(`update public.assessments set paused_until = clock_timestamp() where id = $1`, [id])
      expect(await unclaimed()).toContain(id)
      expect(await start('x')).toMatchObject({ pause_left: 82_800 })
      expect((await row()).paused_until).toBeNull()
      await pause('x', 86_000)
      await db.run(`update public.assessments set paused_until = clock_timestamp() where id = $1`, [id])
      expect(await start('y')).toMatchObject({ pause_left: 0 })
    })

    it('of no length is for the next worker', async () => {
      await start('w')
      expect(await pause('w', 0)).toBe(true)
      expect(await row()).toMatchObject({ status: 'running', paused_until: null })
      expect(await unclaimed()).toContain(id)
      expect(await start('x')).toMatchObject({ pause_left: 86_400 })
    })
  })

  describe('the list of resources', () => {
    const list = (owner: string, names: string[], kind = 'project') => call('public.store_listed($1, $2, $3::text::jsonb, 30)', [id, owner,
      JSON.stringify(names.map(name => ({ kind, external_id: name, name, metadata: { listed: true } })))])
    const notices = JSON.stringify({ empty: { code: 'nothing_listed', message: 'Nothing.' }, partly: { code: 'kind_not_listed', message: 'None of: {kinds}.' } })
    const end = (owner: string) => call('public.end_listing($1, $2, $3::text::jsonb)', [id, owner, notices])
    const present = async () => (await db.run('select external_id from public.integration_resources where integration_id = $1 and missing_since is null order by 1', [integration])).rows.map(one => one.external_id)
    let known: unknown[]
    beforeEach(async () => { known = await present() })

    it('marks as missing what it did not name, at its end and not before', async () => {
      await start('w')
      await list('w', [String(known[0])])
      await list('w', ['new'])
      expect(await present()).toEqual([...known, 'new'].sort())
      expect(await end('w')).toBe('listed')
      expect(await present()).toEqual([known[0], 'new'].sort())
      expect(await row()).toMatchObject({ notice: null })
      await expire()
      expect(await start('x')).toMatchObject({ listed: true })
    })

    it('is not kept of a worker that lost the assessment', async () => {
      await start('slow')
      await expire()
      await start('next')
      expect(await list('slow', ['new'])).toBe(false)
      expect(await end('slow')).toBeNull()
      expect(await present()).toEqual(known)
    })

    it('keeps everything when it names nothing, and says so', async () => {
      await start('w')
      expect(await end('w')).toBe('empty')
      expect(await present()).toEqual(known)
      expect(await row()).toMatchObject({ notice: { code: 'nothing_listed' } })
    })

    it('may be empty where nothing was', async () => {
      await db.run('update public.integration_resources set missing_since = now() where integration_id = $1', [integration])
      await start('w')
      expect(await end('w')).toBe('listed')
      expect(await row()).toMatchObject({ notice: null })
    })

    it('keeps a kind of which it names none any more, says which, and marks what is missing of the others', async () => {
      await db.run(`update public.integration_resources set kind = 'team' where external_id = any ($1)`, [[known[0], known[1]]])
      await db.run(`insert into public.findings (organization_id, integration_id, resource_id, check_id, severity, category, summary, first_seen_at, last_seen_at)
        select organization_id, integration_id, id, 'rls_enabled', 'high', 'rls', 's', now(), now() from public.integration_resources where id = any ($1)`, [resources])
      await start('w')
      await list('w', [String(known[0])], 'team')
      expect(await end('w')).toBe('partly')
      expect(await present()).toEqual([known[0], known[2], known[3]].sort())
      expect(await row()).toMatchObject({ notice: { code: 'kind_not_listed', message: 'None of: project.' } })
      const { rows } = await db.run(`select r.external_id from public.findings f join public.integration_resources r on r.id = f.resource_id
        where f.integration_id = $1 and f.status = 'resolved'`, [integration])
      expect(rows.map(one => one.external_id)).toEqual([known[1]])
    })

    it('has nothing to keep of a kind that was missing before, or that somebody adds meanwhile', async () => {
      await db.run(`update public.integration_resources set kind = 'team', missing_since = now() where external_id = $1`, [known[0]])
      await start('w')
      const added = await newResource(db.run, integration, acme.id)
      await db.run(`update public.integration_resources set kind = 'site' where id = $1`, [added])
      await list('w', known.slice(1).map(String))
      expect(await end('w')).toBe('listed')
      expect(await row()).toMatchObject({ notice: null })
    })

    it('leaves alone what somebody adds meanwhile', async () => {
      await start('w')
      const added = await newResource(db.run, integration, acme.id)
      await list('w', known.map(String))
      expect(await end('w')).toBe('listed')
      expect((await db.run('select 1 from public.integration_resources where id = $1 and missing_since is null', [added])).count).toBe(1)
    })

    it('takes back what was missing', async () => {
      await db.run('update public.integration_resources set missing_since = now() where external_id = $1', [known[0]])
      await start('w')
      await list('w', known.map(String))
      await end('w')
      expect(await present()).toEqual(known)
    })
  })
}
