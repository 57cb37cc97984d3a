import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { refusal, service, type Row, type TestDatabase } from '../../support/database.ts'
import { newOrganization, seedOrganization, type Seeded } from '../../support/organizations.ts'

/** remove_integration, delete_organization, and the receipts they leave. */
export function removals(database: () => TestDatabase): void {
  let db: TestDatabase
  let acme: Seeded
  let other: Seeded
  beforeEach(async () => {
    db = database()
    acme = await seedOrganization(db.run)
    other = await seedOrganization(db.run)
  })

  const count = async (table: string, where: string) => Number((await db.run(`select count(*) as n from public.${table} where ${where}`)).rows[0]?.n)
  const entry = (action: string, actor: string) => JSON.stringify({ actor_type: 'user', actor_id: actor, action, detail: { why: 'test' } })
  const receipts = (of: string) => db.run('select * from public.disconnect_receipts where integration_id = $1', [of])

  describe('remove_integration', () => {
    const remove = async (actor: string, organization = acme.id, id = acme.integration, { receipt = { format: 'x', id: 'mine', deleted: 'nothing' } as Row | [], version = 1, left = false } = {}): Promise<Row[]> =>
      (await db.as(service, run => run('select * from public.remove_integration($1, $2, $3, $4::bigint, $5::boolean, $6::text::jsonb, $7::text::jsonb)',
        [id, organization, actor, version, left, JSON.stringify(receipt), entry('integration.removed', actor)]))).rows

    it.each(['owner', 'admin'] as const)('deletes for the %s, and leaves a receipt that says what', async (role) => {
      const [row, ...more] = await remove(acme[role])
      expect(more).toEqual([])
      expect(row?.outcome).toBe('removed')
      expect((await db.run(`select actor_id, detail from public.audit_log where organization_id = $1 and action = 'integration.removed'`, [acme.id])).rows)
        .toEqual([{ actor_id: acme[role], detail: { why: 'test', receipt: row?.receipt_id } }])
      expect(row?.payload).toEqual({
        format: 'x', id: row?.receipt_id,
        deleted: { credentials: 2, resources: 1, assessments: 1, results: 1, findings: 1, at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string },
      })
      for (const table of ['integration_resources', 'assessments', 'findings']) expect(await count(table, `integration_id = '${acme.integration}'`), table).toBe(0)
      expect(await count('integrations', `id = '${acme.integration}'`)).toBe(0)
      expect((await receipts(acme.integration)).rows).toMatchObject([{ id: row?.receipt_id, organization_id: acme.id, integration_type: 'supabase', name: 'Supabase', signature: null, payload: row?.payload }])
      expect(await count('integrations', `id = '${other.integration}'`)).toBe(1)
    })

    it('does nothing for whoever may not, and for what is not there', async () => {
      for (const [actor, organization, id] of [
        [acme.member, acme.id, acme.integration], [other.owner, acme.id, acme.integration], [other.owner, other.id, acme.integration],
        [randomUUID(), acme.id, acme.integration], [acme.owner, acme.id, randomUUID()], [acme.owner, other.id, other.integration],
      ] as const) expect(await remove(actor, organization, id)).toEqual([])
      expect(await count('integrations', `id in ('${acme.integration}', '${other.integration}')`)).toBe(2)
      expect((await receipts(acme.integration)).count).toBe(0)
    })

    it('deletes once, whoever asks at the same time', async () => {
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => remove(acme.owner)))
      expect(outcomes.flat()).toHaveLength(1)
      expect((await receipts(acme.integration)).count).toBe(1)
    })

    it('deletes nothing when the receipt is refused', async () => {
      expect((await refusal(remove(acme.owner, acme.id, acme.integration, { receipt: [] }))).code).toBe('23514')
      expect(await count('integrations', `id = '${acme.integration}'`)).toBe(1)
    })
  })

  describe('a receipt', () => {
    const update = (set: string) => db.as(service, run => run(`update public.disconnect_receipts set ${set} where organization_id = $1`, [acme.id]))

    it('gets its signature once', async () => {
      expect((await update(`signature = '{"a": 1}'`)).count).toBe(1)
      for (const again of [`signature = '{"a": 2}'`, 'signature = null', `signature = '{"a": 1}'`]) {
        expect(await refusal(update(again))).toEqual({ code: '42501', message: 'disconnect_receipts is append-only' })
      }
    })

    it.each([`payload = '{}'`, `name = 'x'`, 'created_at = now()'])('cannot be changed by the service: %s', async (set) => {
      expect((await refusal(update(set))).code).toBe('42501')
    })

    it.each([
      `update public.disconnect_receipts set signature = '{}', name = 'another'`, `update public.disconnect_receipts set payload = '{"a": 1}'`,
      'delete from public.disconnect_receipts', 'truncate public.disconnect_receipts'])('cannot be changed by its owner, a superuser: %s', async (sql) => {
      expect(await refusal(db.run(sql))).toEqual({ code: '42501', message: 'disconnect_receipts is append-only' })
    })
  })

  describe('delete_organization', () => {
    const end = async (actor: string, id = acme.id) => (await db.as(service, run => run('select public.delete_organization($1, $2, $3::text::jsonb) as outcome', [id, actor, entry('organization.deleted', actor)]))).rows[0]?.outcome

    const empty = (...tables: string[]) => Promise.all(tables.map(table => db.run(`delete from public.${table} where organization_id = $1`, [acme.id])))

    it.each([['integrations', 'pending_connections'], ['pending_connections', 'integrations']])('waits until its %s are gone', async (left, gone) => {
      await empty(gone)
      expect(await end(acme.owner)).toBe('has_grants')
      expect(await count('organizations', `id = '${acme.id}'`)).toBe(1)
      await empty(left)
      expect(await end(acme.owner)).toBe('deleted')
    })

    it('deletes everything but the log and the receipts, for an owner', async () => {
      await empty('integrations', 'pending_connections')
      for (const who of [acme.admin, acme.member, other.owner, randomUUID()]) expect(await end(who)).toBe('not_found')
      expect(await end(acme.owner, randomUUID())).toBe('not_found')
      expect(await end(acme.owner)).toBe('deleted')
      for (const table of ['user_organizations', 'invitations', 'api_keys']) expect(await count(table, `organization_id = '${acme.id}'`), table).toBe(0)
      expect(await count('disconnect_receipts', `organization_id = '${acme.id}'`)).toBe(1)
      expect(await count('audit_log', `organization_id = '${acme.id}'`)).toBe(2)
      expect(await count('audit_log', `organization_id = '${acme.id}' and action = 'organization.deleted' and actor_id = '${acme.owner}'`)).toBe(1)
      expect(await end(acme.owner)).toBe('not_found')
      expect(await count('organizations', `id = '${other.id}'`)).toBe(1)
    })

    it('deletes it with all of its owners', async () => {
      const { id, owner, admin } = await newOrganization(db.run)
      await db.run(`update public.user_organizations set role = 'owner' where user_id = $1`, [admin])
      expect(await end(owner, id)).toBe('deleted')
    })
  })
}
