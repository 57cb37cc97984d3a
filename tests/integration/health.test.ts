/** What the database makes of a connection's last calls: one state, a timeline of its changes, and which of them are alerts. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { VERIFICATION_LASTS_MS } from '#server/integrations/health'
import { openDatabase, refusal, service, user, type TestDatabase } from '../support/database.ts'
import { ciphertext, newOrganization, type Seeded } from '../support/organizations.ts'

let db: TestDatabase
let acme: Pick<Seeded, 'id' | 'owner' | 'admin' | 'member'>
let id: string

beforeAll(async () => { db = await openDatabase() })
afterAll(() => db?.close())
beforeEach(async () => {
  acme = await newOrganization(db.run)
  id = await connected()
})

/** As `store_connection` inserts it: the first call has just succeeded. */
async function connected(): Promise<string> {
  const id = randomUUID()
  await db.run(`insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, external_account_id, external_account_name, last_success_at)
    values ($1, $2, 'supabase', 'Supabase', $3::text::jsonb, '0 6 * * *', $4, 'Account', now())`, [id, acme.id, JSON.stringify({ access_token: ciphertext() }), randomUUID()])
  return id
}

const now = async () => (await db.run('select health_state, health_reason, health_since from public.integrations where id = $1', [id])).rows[0] ?? {}
const state = async () => {
  const { health_state, health_reason } = await now()
  return `${String(health_state)}/${String(health_reason)}`
}
const set = (sql: string) => db.as(service, run => run(`update public.integrations set ${sql} where id = $1`, [id]))
const fails = (kind: string, code: string, status = 'active') => set(`status = '${status}', last_error = '{"class": "${kind}", "code": "${code}", "message": "x", "at": "2026-01-01T00:00:00Z"}'`)
const succeeds = () => set(`status = 'active', last_error = null, last_success_at = now()`)
const timeline = async () => (await db.run('select from_state, to_state, from_reason, reason, alert from public.health_changes where integration_id = $1 order by at, id', [id])).rows
  .map(row => `${row.from_state ? `${String(row.from_state)}/${String(row.from_reason)}` : '-'} > ${String(row.to_state)}/${String(row.reason)}${row.alert ? ` ! ${String(row.alert)}` : ''}`)

/** A row as it was left: written long ago, and nothing since. */
const leftAlone = (success: string) => db.run(`update public.integrations set health_state = 'healthy', health_reason = 'ok', last_success_at = now() - $2::interval
  where id = $1 and set_config('session_replication_role', 'replica', true) = 'replica'`, [id, success])

describe('health_of', () => {
  const hour = 3_600_000
  it.each([
    // status, class and code of the last error, hours since the last success → state/reason
    ['active', null, 1, 'healthy/ok'], ['active', null, 25, 'healthy/ok'], ['active', null, 36, 'healthy/ok'],
    ['active', null, 37, 'unknown/not_verified'], ['active', null, 9_000, 'unknown/not_verified'], ['active', null, null, 'unknown/not_used_yet'],
    ['active', 'passing server_error', 1, 'degraded/server_error'], ['active', 'passing server_error', 100, 'degraded/server_error'], ['active', 'passing timeout', null, 'degraded/timeout'],
    ['active', 'our_application invalid_client', 1, 'degraded/invalid_client'],
    ['active', 'dead_grant invalid_grant', 1, 'action_required/invalid_grant'], ['error', 'dead_grant answer_lost', 1, 'action_required/answer_lost'],
    ['error', 'passing server_error', 1, 'action_required/server_error'], ['error', null, 1, 'action_required/unknown'], ['error', null, null, 'action_required/unknown'],
    ['active', 'dead_grant ', 1, 'action_required/unknown'], ['active', ' ', 1, 'degraded/unknown'],
    ['paused', null, 1, 'unknown/paused'], ['paused', null, 100, 'unknown/paused'], ['paused', null, null, 'unknown/paused'],
    ['paused', 'passing server_error', 1, 'degraded/server_error'], ['paused', 'dead_grant unauthorized', 1, 'action_required/unauthorized'],
  ])('%s, %s, success %s h ago: %s', async (status, error, hours, expected) => {
    const [kind, code] = (error ?? '').split(' ')
    const lastError = error === null ? null : JSON.stringify({ ...(kind ? { class: kind } : {}), ...(code ? { code } : {}) })
    const at = new Date('2026-03-29T02:30:00Z')
    const { rows } = await db.run('select state, reason from private.health_of($1, $2::text::jsonb, $3::text::timestamptz, $4::text::timestamptz)',
      [status, lastError, hours === null ? null : new Date(at.getTime() - hours * hour).toISOString(), at.toISOString()])
    expect(`${String(rows[0]?.state)}/${String(rows[0]?.reason)}`).toBe(expected)
  })

  it('has one idea with the server of how long a success speaks', async () => {
    const { rows } = await db.run('select extract(epoch from private.verification_lasts()) * 1000 as ms')
    expect(Number(rows[0]?.ms)).toBe(VERIFICATION_LASTS_MS)
  })
})

describe('the state in the row', () => {
  it('follows every real call, both ways', async () => {
    expect(await state()).toBe('healthy/ok')
    await fails('passing', 'server_error')
    expect(await state()).toBe('degraded/server_error')
    await fails('dead_grant', 'invalid_grant', 'error')
    expect(await state()).toBe('action_required/invalid_grant')
    await succeeds()
    expect(await state()).toBe('healthy/ok')
  })

  it('cannot be written by hand, nor its beginning', async () => {
    const before = await now()
    await set(`health_state = 'action_required', health_reason = 'made up', health_since = '2020-01-01'`)
    expect(await now()).toEqual(before)
  })

  it('has begun when it changed, not when its reason did, nor when nothing did', async () => {
    await fails('passing', 'server_error')
    const { health_since: began } = await now()
    await fails('passing', 'timeout')
    await set('scan_schedule = \'0 7 * * *\'')
    expect((await now()).health_since).toEqual(began)
    await succeeds()
    expect(Number(new Date(String((await now()).health_since)))).toBeGreaterThanOrEqual(Number(new Date(String(began))))
    expect((await now()).health_since).not.toEqual(began)
  })
})

describe('the timeline', () => {
  it('begins with the connection, and has one line for each change and none for none', async () => {
    await fails('passing', 'server_error')
    await fails('passing', 'server_error')
    await set('name = \'Renamed\'')
    await fails('passing', 'timeout')
    await succeeds()
    await succeeds()
    expect(await timeline()).toEqual([
      '- > healthy/ok',
      'healthy/ok > degraded/server_error ! degraded',
      'degraded/server_error > degraded/timeout',
      'degraded/timeout > healthy/ok ! recovered',
    ])
  })

  it('has the time at which the state began', async () => {
    await fails('passing', 'server_error')
    const { rows } = await db.run(`select c.at = i.health_since as same from public.health_changes c join public.integrations i on i.id = c.integration_id where i.id = $1 and alert is not null`, [id])
    expect(rows).toEqual([{ same: true }])
  })

  it('tells each flap', async () => {
    for (let round = 0; round < 5; round++) {
      await fails('passing', 'server_error')
      await succeeds()
    }
    const alerts = (await timeline()).map(line => line.split(' ! ')[1]).filter(Boolean)
    expect(alerts).toEqual(Array.from({ length: 5 }, () => ['degraded', 'recovered']).flat())
  })

  it('tells worse and better among the bad, and one recovery from both', async () => {
    await fails('passing', 'server_error')
    await fails('dead_grant', 'invalid_grant', 'error')
    await fails('passing', 'server_error')
    await succeeds()
    expect((await timeline()).map(line => line.split(' ! ')[1] ?? '')).toEqual(['', 'degraded', 'action_required', 'degraded', 'recovered'])
  })

  it('tells nobody of a pause and its end', async () => {
    await set(`status = 'paused'`)
    await succeeds()
    expect(await timeline()).toEqual(['- > healthy/ok', 'healthy/ok > unknown/paused', 'unknown/paused > healthy/ok'])
  })

  it('tells a recovery that came by way of a pause or a silence, once', async () => {
    await fails('dead_grant', 'invalid_grant', 'error')
    await set(`status = 'paused', last_error = null`)
    await succeeds()
    await set(`status = 'paused'`)
    await succeeds()
    expect((await timeline()).slice(1)).toEqual([
      'healthy/ok > action_required/invalid_grant ! action_required',
      'action_required/invalid_grant > unknown/paused',
      'unknown/paused > healthy/ok ! recovered',
      'healthy/ok > unknown/paused',
      'unknown/paused > healthy/ok',
    ])
  })

  it('has no line for an error on its way out: first its words go, then its status', async () => {
    await fails('dead_grant', 'unauthorized', 'error')
    await set('last_error = null, last_success_at = now()')
    expect(await state()).toBe('action_required/unauthorized')
    await set(`status = 'active'`)
    expect((await timeline()).slice(1)).toEqual(['healthy/ok > action_required/unauthorized ! action_required', 'action_required/unauthorized > healthy/ok ! recovered'])
  })

  it('is written by nobody, read by members, and goes with the integration', async () => {
    for (const who of [service, user(acme.owner)]) {
      expect((await refusal(db.tryAs(who, run => run(`insert into public.health_changes (integration_id, organization_id, to_state, reason) values ($1, $2, 'healthy', 'ok')`, [id, acme.id])))).code).toBe('42501')
      expect((await refusal(db.tryAs(who, run => run('delete from public.health_changes')))).code).toBe('42501')
    }
    expect((await refusal(db.tryAs(service, run => run(`update public.health_changes set reason = 'x'`)))).code).toBe('42501')
    const stranger = (await newOrganization(db.run)).owner
    const read = (who: string) => db.tryAs(user(who), async run => (await run('select id from public.health_changes where integration_id = $1', [id])).count)
    expect([await read(acme.member), await read(stranger)]).toEqual([1, 0])
    await db.run('delete from public.integrations where id = $1', [id])
    expect(await timeline()).toEqual([])
  })

  it('keeps its order when the clock does not move, or goes back', async () => {
    await db.run(`update public.health_changes set at = now() + interval '1 hour' where integration_id = $1`, [id])
    await fails('passing', 'server_error')
    await fails('passing', 'timeout')
    await succeeds()
    expect((await timeline()).map(line => line.split(' > ')[1])).toEqual(['healthy/ok', 'degraded/server_error ! degraded', 'degraded/timeout', 'healthy/ok ! recovered'])
  })

  it('has one line for a change that two writers bring at once', async () => {
    await Promise.all([fails('passing', 'server_error'), fails('passing', 'server_error'), fails('passing', 'server_error')])
    expect(await timeline()).toHaveLength(2)
  })
})

describe('mark_unverified', () => {
  const sweep = async () => Number((await db.as(service, run => run('select public.mark_unverified() as n'))).rows[0]?.n)
  const healthOnOverview = async () => (await db.tryAs(user(acme.member), run => run(`select public.overview($1) -> 'integrations' as counts`, [acme.id]))).rows[0]?.counts

  it('takes the green from old news and tells so, once, and that it is well again', async () => {
    await sweep()
    await leftAlone('37 hours')
    expect(await state()).toBe('healthy/ok')
    expect(await sweep()).toBe(1)
    expect(await state()).toBe('unknown/not_verified')
    expect(await sweep()).toBe(0)
    expect(await timeline()).toEqual(['- > healthy/ok', 'healthy/ok > unknown/not_verified ! unknown'])
    await succeeds()
    expect(await state()).toBe('healthy/ok')
    expect((await timeline()).at(-1)).toBe('unknown/not_verified > healthy/ok ! recovered')
  })

  it('tells of a silence whatever came before or comes after, but not of a pause in it', async () => {
    await sweep()
    await leftAlone('37 hours')
    await sweep()
    await set(`status = 'paused'`)
    await set(`status = 'active'`)
    await fails('passing', 'server_error')
    await set('last_error = null')
    await succeeds()
    expect((await timeline()).slice(1)).toEqual([
      'healthy/ok > unknown/not_verified ! unknown',
      'unknown/not_verified > unknown/paused',
      'unknown/paused > unknown/not_verified',
      'unknown/not_verified > degraded/server_error ! degraded',
      'degraded/server_error > unknown/not_verified ! unknown',
      'unknown/not_verified > healthy/ok ! recovered',
    ])
  })

  it('leaves what succeeded within a day and a half', async () => {
    await sweep()
    await leftAlone('35 hours')
    expect(await sweep()).toBe(0)
    expect(await state()).toBe('healthy/ok')
  })

  it('is not waited for by the overview', async () => {
    await leftAlone('35 hours')
    expect(await healthOnOverview()).toMatchObject({ healthy: 1, unknown: 0 })
    await leftAlone('37 hours')
    expect(await healthOnOverview()).toMatchObject({ healthy: 0, unknown: 1 })
    await set(`status = 'paused'`)
    expect(await healthOnOverview()).toMatchObject({ healthy: 0, unknown: 0, paused: 1 })
  })
})

describe('alerts on their way out', () => {
  const call = async (sql: string, values: unknown[] = []) => (await db.as(service, run => run(sql, values))).rows
  const waiting = async () => (await call('select public.undelivered_alerts(1000) as id')).map(row => row.id)
  const claim = async (change: unknown, seconds = 30) => (await call('select public.claim_alert($1, $2) as mine', [change, seconds]))[0]?.mine
  const newest = async () => (await db.run('select id from public.health_changes where integration_id = $1 order by at desc limit 1', [id])).rows[0]?.id
  const age = (change: unknown, interval: string) => db.run('update public.health_changes set at = at - $2::interval where id = $1', [change, interval])

  it('wait until somebody claims them, and again when that one does not come back', async () => {
    await fails('passing', 'server_error')
    const change = await newest()
    expect(await waiting()).toContain(change)
    expect([await claim(change), await claim(change)]).toEqual([true, false])
    expect(await waiting()).not.toContain(change)
    await db.run(`update public.health_changes set delivery_due_at = now() - interval '1 second' where id = $1`, [change])
    expect(await waiting()).toContain(change)
    expect(await claim(change)).toBe(true)
  })

  it('are claimed by one of many', async () => {
    await fails('passing', 'server_error')
    const change = await newest()
    const claims = await Promise.all(Array.from({ length: 4 }, () => claim(change)))
    expect(claims.filter(Boolean)).toEqual([true])
  })

  it('are none that is delivered, no alert, or three days old', async () => {
    const first = await newest()
    expect([await waiting(), await claim(first)]).toEqual([expect.not.arrayContaining([first]), false])
    await fails('passing', 'server_error')
    const change = await newest()
    await age(change, '73 hours')
    expect(await waiting()).not.toContain(change)
    await db.run('update public.health_changes set at = now(), delivered_at = now() where id = $1', [change])
    expect([(await waiting()).includes(change), await claim(change)]).toEqual([false, false])
  })

  it('are tried at once at first, then at growing intervals of at most six hours', async () => {
    await fails('passing', 'server_error')
    const change = await newest()
    const minutes: number[] = []
    for (let attempt = 1; attempt <= 40; attempt++) {
      await db.run('update public.health_changes set delivery_due_at = null where id = $1', [change])
      expect(await claim(change)).toBe(true)
      await call('select public.alert_failed($1)', [change])
      const { rows } = await db.run('select round(extract(epoch from delivery_due_at - clock_timestamp()) / 60) as wait from public.health_changes where id = $1', [change])
      minutes.push(Math.abs(Number(rows[0]?.wait)))
    }
    expect(minutes.slice(0, 8)).toEqual([0, 0, 0, 1, 2, 4, 8, 16])
    expect(Math.max(...minutes)).toBe(360)
  })
})
