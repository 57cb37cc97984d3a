/** Findings from before resolutions: what was resolved counts as fixed, what is gone is closed. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyMigrations } from '#server/database/migrations'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { openEarlier, type EarlierDatabase } from '../support/earlier-database.ts'
import type { Run } from '../support/database.ts'
import { newIntegration, newOrganization, newResource } from '../support/organizations.ts'

let db: EarlierDatabase
beforeAll(async () => { db = await openEarlier('20261128000300') })
afterAll(() => db?.close())

it('gives each a reason, and closes those of what the provider no longer lists', async () => {
  const run: Run = async (sql, parameters) => {
    const { rows } = await db.query(sql, parameters)
    return { rows, count: rows.length }
  }
  const { id: organization } = await newOrganization(run)
  const integration = await newIntegration(run, organization)
  const [here, gone] = [await newResource(run, integration, organization), await newResource(run, integration, organization)]
  await run(`update public.integration_resources set missing_since = '2026-03-01' where id = $1`, [gone])
  const find = (resource: string, check: string, resolved: string | null) => run(`insert into public.findings
      (organization_id, integration_id, resource_id, check_id, severity, category, summary, first_seen_at, last_seen_at, status, resolved_at)
    values ($1, $2, $3, $4, 'low', 'x', 'x', '2026-01-01', '2026-02-01', case when $5::text is null then 'open' else 'resolved' end, $5::text::timestamptz)`,
  [organization, integration, resource, check, resolved])
  await find(here, 'a', null)
  await find(here, 'b', '2026-02-02')
  await find(gone, 'c', null)
  await find(gone, 'd', '2026-02-02')

  await applyMigrations(db.target, await readMigrations())
  const { rows } = await run(`select check_id, status, resolution, to_char(resolved_at, 'MM-DD') as resolved from public.findings order by 1`)
  expect(rows).toEqual([
    { check_id: 'a', status: 'open', resolution: null, resolved: null },
    { check_id: 'b', status: 'resolved', resolution: 'fixed', resolved: '02-02' },
    { check_id: 'c', status: 'resolved', resolution: 'gone', resolved: '03-01' },
    { check_id: 'd', status: 'resolved', resolution: 'fixed', resolved: '02-02' },
  ])
})
