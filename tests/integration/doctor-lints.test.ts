/** Each rule of server/doctor/lints.ts: holds for our migrations, and fails on exactly what breaks it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lints, runLint } from '#server/doctor/lints'
import type { Row } from '#server/database/inspect'
import { openDatabase, type Run, type TestDatabase } from '../support/database.ts'

/** By rule: what breaks it, and what it then names. */
const breaks: Record<string, [sql: string, named: string][]> = {
  rls_forced: [
    ['create table public.bare (id int primary key)', 'public.bare'],
    ['create table private.bare (id int primary key)', 'private.bare'],
    ['alter table public.findings no force row level security', 'public.findings'],
    ['alter table public.findings disable row level security', 'public.findings'],
  ],
  policy_missing: [
    ['drop policy "members read findings" on public.findings', 'public.findings'],
    ['grant select (delivery_id) on public.webhook_receipts to authenticated', 'public.webhook_receipts'],
  ],
  policy_initplan: [
    ['create policy p on public.findings for select to authenticated using (organization_id in (select o from private.my_organization_ids() o) and auth.uid() is not null)', 'public.findings "p"'],
    ['create policy p on public.findings for select to authenticated using (private.my_role(organization_id) is not null)', 'public.findings "p"'],
    ['create policy p on public.findings for select to authenticated using ((select private.my_role(organization_id)) is not null)', 'public.findings "p"'],
    ['create policy p on public.findings for insert to authenticated with check (auth.uid() is not null)', 'public.findings "p"'],
    [`create policy p on public.findings for select to authenticated using (current_setting('x', true) = 'y')`, 'public.findings "p"'],
  ],
  policy_role: [
    ['create policy p on public.findings for select using (organization_id is null)', 'public.findings "p"'],
    ['create policy p on public.findings for select to anon, authenticated using (organization_id is null)', 'public.findings "p"'],
  ],
  policy_true: [
    ['create policy p on public.findings for select to authenticated using (true)', 'public.findings "p"'],
    ['create policy p on public.findings for insert to authenticated with check (true)', 'public.findings "p"'],
  ],
  policy_index: [['drop index public.findings_list_idx', 'public.findings "members read findings"']],
  policy_update: [['create policy p on public.findings for update to authenticated using (organization_id is null)', 'public.findings "p"']],
  function_search_path: [
    ['alter function private.my_organization_ids() reset search_path', 'private.my_organization_ids()'],
    ['alter function private.my_organization_ids() set search_path = public', 'private.my_organization_ids()'],
  ],
  definer_exposed: [['alter function public.overview(uuid) security definer', 'public.overview(p_organization_id uuid)']],
  function_anon: [
    ['grant execute on function private.my_role(uuid) to anon', 'private.my_role(p_organization_id uuid)'],
    ['grant execute on function public.overview(uuid) to public', 'public.overview(p_organization_id uuid)'],
    [`create function private.fresh() returns int language sql set search_path = '' as 'select 1'`, 'private.fresh()'],
  ],
  function_overloaded: [
    [`create function public.overview(p_x int) returns int language sql set search_path = '' as 'select 1'; revoke all on function public.overview(int) from public`, 'public.overview'],
  ],
  grant_anon: [
    ['grant select on public.findings to anon', 'public.findings (anon select)'],
    ['grant select (id) on public.findings to public', 'public.findings.id (PUBLIC select)'],
    ['create sequence public.numbers; grant usage on sequence public.numbers to anon', 'public.numbers (anon usage)'],
  ],
  grant_authenticated: [
    ['grant truncate on public.findings to authenticated', 'public.findings (authenticated truncate)'],
    ['create sequence public.numbers; grant update on sequence public.numbers to authenticated', 'public.numbers (authenticated update)'],
  ],
  grant_schema: [['grant create on schema public to authenticated', 'public (authenticated)'], ['grant create on schema private to public', 'private (PUBLIC)']],
  credentials_hidden: [
    ['grant select (config) on public.integrations to authenticated', 'public.integrations.config'],
    ['grant select on public.integrations to authenticated', 'public.integrations.config'],
    ['grant update (config) on public.integrations to anon', 'public.integrations.config'],
  ],
  credentials_removal: [['grant delete on public.integrations to authenticated', 'public.integrations']],
  audit_append_only: [
    ['grant update (detail) on public.audit_log to service_role', 'public.audit_log.detail (service_role update)'],
    ['grant insert on public.audit_log to authenticated', 'public.audit_log (authenticated insert)'],
    ['alter table public.audit_log disable trigger append_only_truncate', 'public.audit_log (no trigger refuses truncate)'],
  ],
  foreign_key_index: [['drop index public.invitations_invited_by_idx', 'invitations (invitations_invited_by_fkey)']],
  primary_key: [['create table public.heap (id int)', 'public.heap']],
  view_invoker: [
    ['create view public.peek as select id from public.findings', 'public.peek'],
    ['create view public.peek with (security_invoker = off) as select id from public.findings', 'public.peek'],
  ],
  extension_public: [[`set local allow_system_table_mods = on; update pg_extension set extnamespace = 'public'::regnamespace where extname = 'plpgsql'`, 'plpgsql']],
  owner: [
    ['create table public.theirs (id int primary key); alter table public.theirs owner to service_role', 'public.theirs'],
    ['alter function public.overview(uuid) owner to service_role', 'public.overview(p_organization_id uuid)'],
  ],
}

let database: TestDatabase
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database?.close())

const asked = (run: Run) => async (sql: string): Promise<Row[]> => (await run(sql)).rows

class Undo extends Error {}

/** Runs the statements and then the rule in a transaction of which nothing stays. */
async function after(statements: string, id: string): Promise<string[]> {
  const lint = lints.find(one => one.id === id)
  if (!lint) throw new Error(`There is no rule ${id}`)
  let found: string[] = []
  await database.as({ role: 'service_role' }, async (run) => {
    await run('reset role')
    for (const statement of statements.split('; ')) await run(statement)
    found = await runLint(lint, asked(run))
    throw new Undo()
  }).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error
  })
  return found
}

describe('the rules for our own schemas', () => {
  it.each(lints.map(lint => lint.id))('%s holds for our migrations', async (id) => {
    const lint = lints.find(one => one.id === id)
    expect(lint && await runLint(lint, asked(database.run)), `${lint?.title}. To fix: ${lint?.fix}`).toEqual([])
  })

  const cases = Object.entries(breaks).flatMap(([id, list]) => list.map(([sql, named]) => [id, sql, named] as const))
  it.each(cases)('%s fails after: %s', async (id, sql, named) => {
    expect(await after(sql, id)).toEqual([named])
  })

  it('has something that breaks each of them, and one name for each', () => {
    expect(Object.keys(breaks).sort(), 'To fix: say in this file what breaks it').toEqual(lints.map(lint => lint.id).sort())
  })

  it('takes what is right: policies of ours, and functions with a constant', async () => {
    const policy = 'create policy p on public.findings for all to authenticated using (organization_id = any (array(select private.my_organization_ids())) and (select auth.uid()) is not null) with check (organization_id = any (array(select private.my_administered_organization_ids())))'
    for (const id of ['policy_initplan', 'policy_role', 'policy_true', 'policy_update', 'policy_index']) expect(await after(policy, id), id).toEqual([])
    expect(await after('create view public.peek with (security_invoker = on) as select id from public.findings', 'view_invoker')).toEqual([])
  })
})
