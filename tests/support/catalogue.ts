/** What Postgres' own catalogue says about the product's schemas. */
import type { Run } from './database.ts'

const names = async (run: Run, sql: string): Promise<string[]> => (await run(sql)).rows.map(row => String(row.name))

export const publicTables = (run: Run) => names(run, `
  select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`)

export const columnsOf = (run: Run, table: string) => names(run, `
  select attname as name from pg_attribute where attrelid = 'public.${table}'::regclass and attnum > 0 and not attisdropped order by attnum`)

/**
 * By table, what others than its owner may do: `authenticated select`, `authenticated update (name)`.
 * Sorted; PUBLIC is written so.
 */
export async function readGrants(run: Run): Promise<Record<string, string[]>> {
  const { rows } = await run(`
    with granted as (
      select c.relname, null as attname, g.grantee, g.privilege_type, c.relowner from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public', aclexplode(c.relacl) g where c.relkind in ('r', 'p', 'v', 'm', 'f')
      union all
      select c.relname, a.attname, g.grantee, g.privilege_type, c.relowner from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
        join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) g
    )
    select relname, coalesce(r.rolname, 'PUBLIC') as role, lower(privilege_type) as privilege,
      string_agg(attname, ', ' order by attname collate "C") as columns
    from granted left join pg_roles r on r.oid = grantee where grantee <> relowner
    group by relname, r.rolname, privilege_type, attname is null
    order by relname, 2, 3`)
  const grants: Record<string, string[]> = Object.fromEntries((await publicTables(run)).map(table => [table, []]))
  for (const { relname, role, privilege, columns } of rows) {
    grants[String(relname)]?.push(`${role} ${privilege}${columns ? ` (${columns})` : ''}`)
  }
  return grants
}

export interface FunctionFacts { name: string, executableBy: string, definer: boolean, settings: string, schema: string }

/** Every function of `public` and `private`, with those who may execute it beside its owner. */
export async function readFunctions(run: Run): Promise<FunctionFacts[]> {
  const { rows } = await run(`
    select n.nspname as schema, n.nspname || '.' || p.proname as name, p.prosecdef as definer,
      coalesce(array_to_string(p.proconfig, ';'), '') as settings,
      coalesce((select string_agg(coalesce(r.rolname, 'PUBLIC'), ' ' order by r.rolname collate "C")
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g left join pg_roles r on r.oid = g.grantee
        where g.grantee <> p.proowner), '') as "executableBy"
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private') and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    order by 2`)
  return rows as unknown as FunctionFacts[]
}
