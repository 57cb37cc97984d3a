/**
 * What must hold for our own schemas, each as SQL over PostgreSQL's catalogue that names what breaks it. After Supabase's
 * own linter (https://supabase.github.io/splinter/), stricter where this product promises more: a rule looks at the state
 * of the database, whoever brought it there.
 */
import type { Inspection } from '#server/database/inspect'

export interface Lint {
  id: string
  /** A sentence that holds. */
  title: string
  /** Rows with the `object` for which it does not. */
  sql: string
  fix: string
}

/** What somebody without a session may call: nothing but this. */
const anonMayExecute = ['public.lookup_invitation(text)', 'private.lookup_invitation(text)']

const ours = `('public', 'private')`
const quoted = (texts: readonly string[]) => texts.map(text => `'${text}'`).join(', ')

const tables = `select c.*, n.nspname, format('%s.%s', n.nspname, c.relname) as object
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ${ours} and c.relkind in ('r', 'p')`

const functions = `select p.*, n.nspname, format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as object,
    format('%s.%s(%s)', n.nspname, p.proname, (select string_agg(format_type(t, null), ', ' order by at) from unnest(p.proargtypes) with ordinality as a (t, at))) as signature
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ${ours} and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')`

const policies = `select p.*, c.relname, format('%s.%s "%s"', n.nspname, c.relname, p.polname) as object,
    coalesce(pg_get_expr(p.polqual, p.polrelid), '') as qual, coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as checked
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ${ours}`

/** Privileges on tables, views and sequences, and on single columns. Grantee 0 is PUBLIC. */
const grants = `select c.oid, c.relkind, c.relowner, n.nspname, c.relname, null::name as attname, g.grantee, g.privilege_type
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) g where n.nspname in ${ours}
  union all
  select c.oid, c.relkind, c.relowner, n.nspname, c.relname, a.attname, g.grantee, g.privilege_type
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) g where n.nspname in ${ours}`
const grantObject = `format('%s.%s%s (%s %s)', nspname, relname, '.' || attname, case grantee when 0 then 'PUBLIC' else grantee::regrole::text end, lower(privilege_type))`

/** Full indexes whose first column is this one. */
const indexFirst = (table: string, column: string) => `exists (select from pg_index i where i.indrelid = ${table} and i.indisvalid and i.indpred is null and i.indkey[0] = ${column})`

/** A call of ours or of auth's that stands by itself: it runs for every row. Those in a sub-select without columns run once. */
const bareCall = (expression: string) => `regexp_replace(lower(${expression}), '\\( ?select (auth|private)\\.[a-z_]+\\((''[^'']*''(::[a-z]+)?)?\\)', '', 'g') ~ '((auth|private)\\.[a-z_]+|current_setting)\\('`

export const lints: readonly Lint[] = [
  {
    id: 'rls_forced',
    title: 'Row level security is on, and forced, for every table',
    sql: `select object from (${tables}) t where not (relrowsecurity and relforcerowsecurity)`,
    fix: 'alter table ... enable row level security; alter table ... force row level security',
  },
  {
    id: 'policy_missing',
    title: 'A table that people may reach has a policy; one without is the service\'s alone',
    sql: `select object from (${tables}) t where not exists (select from pg_policy p where p.polrelid = t.oid)
      and exists (select from (${grants}) g where g.oid = t.oid and g.grantee in (0, 'anon'::regrole, 'authenticated'::regrole))`,
    fix: 'create a policy, or revoke all on the table from anon and authenticated',
  },
  {
    id: 'policy_initplan',
    title: 'A policy asks who is calling once for the whole statement, in a sub-select',
    sql: `select object from (${policies}) p where ${bareCall('qual')} or ${bareCall('checked')}`,
    fix: 'write (select auth.uid()), and organization_id = any (array(select private.my_organization_ids()))',
  },
  {
    id: 'policy_role',
    title: 'A policy is for signed-in people and nobody else',
    sql: `select object from (${policies}) p where polroles <> array['authenticated'::regrole::oid]`,
    fix: 'create the policy again with: to authenticated',
  },
  {
    id: 'policy_true',
    title: 'No policy lets everything through',
    sql: `select object from (${policies}) p where 'true' in (qual, checked)`,
    fix: 'name the organization in the policy',
  },
  {
    id: 'policy_index',
    title: 'A policy that names the organization has an index that begins with it',
    sql: `select distinct object from (${policies}) p join pg_attribute a on a.attrelid = p.polrelid and a.attname = 'organization_id'
      where qual || checked ~ '\\morganization_id\\M' and not ${indexFirst('p.polrelid', 'a.attnum')}`,
    fix: 'create an index on (organization_id, ...)',
  },
  {
    id: 'policy_update',
    title: 'A policy for updates looks at the row before and after',
    sql: `select object from (${policies}) p where polcmd in ('w', '*') and (polqual is null or polwithcheck is null)`,
    fix: 'give it both using (...) and with check (...)',
  },
  {
    id: 'function_search_path',
    title: 'A function finds names only where it says',
    sql: `select object from (${functions}) f where not coalesce('search_path=""' = any (proconfig), false)`,
    fix: `alter function ... set search_path = ''`,
  },
  {
    id: 'definer_exposed',
    title: 'What acts above row level security is outside of the schema that the data API shows',
    sql: `select object from (${functions}) f where prosecdef and nspname = 'public'`,
    fix: 'move it to the schema private, with a security invoker function in public that calls it',
  },
  {
    id: 'function_anon',
    title: 'Without a session nothing can be called but what is meant for it',
    sql: `select distinct object from (${functions}) f, aclexplode(coalesce(proacl, acldefault('f', proowner))) g
      where g.grantee in (0, 'anon'::regrole) and signature not in (${quoted(anonMayExecute)})`,
    fix: 'revoke all on function ... from public, anon',
  },
  {
    id: 'function_overloaded',
    title: 'A function\'s name is its own',
    sql: `select nspname || '.' || proname as object from (${functions}) f group by nspname, proname having count(*) > 1`,
    fix: 'drop one of them: the data API can\'t tell them apart',
  },
  {
    id: 'grant_anon',
    title: 'Without a session no table, view or sequence can be reached',
    sql: `select ${grantObject} as object from (${grants}) g where grantee in (0, 'anon'::regrole)`,
    fix: 'revoke all on table ... from public, anon',
  },
  {
    id: 'grant_authenticated',
    title: 'Signed-in people may read and write rows, and nothing else',
    sql: `select ${grantObject} as object from (${grants}) g where grantee = 'authenticated'::regrole
      and (privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') or (relkind = 'S' and privilege_type <> 'SELECT'))`,
    fix: 'revoke truncate, references, trigger, maintain on ... from authenticated',
  },
  {
    id: 'grant_schema',
    title: 'Nobody but the owner makes objects in our schemas',
    sql: `select format('%s (%s)', nspname, case g.grantee when 0 then 'PUBLIC' else g.grantee::regrole::text end) as object
      from pg_namespace n, aclexplode(nspacl) g where nspname in ${ours} and g.privilege_type = 'CREATE'
      and g.grantee in (0, 'anon'::regrole, 'authenticated'::regrole, 'service_role'::regrole)`,
    fix: 'revoke create on schema ... from public, anon, authenticated, service_role',
  },
  {
    id: 'credentials_hidden',
    title: 'Signed-in people have no privilege on the column of the credentials',
    sql: `select 'public.integrations.config' as object where exists (
      select from unnest(array['select', 'insert', 'update', 'references']) p (privilege), unnest(array['anon', 'authenticated']) r (role)
      where has_column_privilege(r.role, 'public.integrations', 'config', p.privilege))`,
    fix: 'revoke all (config) on table public.integrations from anon, authenticated, and any privilege on the whole table',
  },
  {
    id: 'credentials_removal',
    title: 'A connection is removed by the app, which ends it at the provider, and not straight in the database',
    sql: `select 'public.integrations' as object where has_table_privilege('authenticated', 'public.integrations', 'delete')`,
    fix: 'revoke delete on table public.integrations from authenticated',
  },
  {
    id: 'audit_append_only',
    title: 'The audit log can be added to, and read, and nothing else',
    sql: `select ${grantObject} as object from (${grants}) g where nspname = 'public' and relname = 'audit_log' and grantee <> relowner
      and not (privilege_type = 'SELECT' or (privilege_type = 'INSERT' and grantee = 'service_role'::regrole))
      union all select 'public.audit_log (no trigger refuses ' || event || ')' from (values ('update', 16), ('delete', 8), ('truncate', 32)) e (event, bit)
      where not exists (select from pg_trigger t where t.tgrelid = 'public.audit_log'::regclass and not t.tgisinternal
        and t.tgenabled in ('O', 'A') and t.tgtype & 2 = 2 and t.tgtype & bit = bit)`,
    fix: 'revoke it, and restore the triggers of the migration …_audit.sql',
  },
  {
    id: 'foreign_key_index',
    title: 'A foreign key has an index that begins with its first column',
    sql: `select format('%s (%s)', k.conrelid::regclass, k.conname) as object from pg_constraint k join pg_namespace n on n.oid = k.connamespace
      where n.nspname in ${ours} and k.contype = 'f' and not ${indexFirst('k.conrelid', 'k.conkey[1]')}`,
    fix: 'create an index on the column: without one, removing what it points to reads the whole table',
  },
  {
    id: 'primary_key',
    title: 'Every table has a primary key',
    sql: `select object from (${tables}) t where not exists (select from pg_constraint k where k.conrelid = t.oid and k.contype = 'p')`,
    fix: 'alter table ... add primary key (...)',
  },
  {
    id: 'view_invoker',
    title: 'A view shows what its reader may see',
    sql: `select format('%s.%s', n.nspname, c.relname) as object from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ${ours} and c.relkind in ('v', 'm')
      and not coalesce(c.reloptions::text[] && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)`,
    fix: 'alter view ... set (security_invoker = true); drop a materialized view',
  },
  {
    id: 'extension_public',
    title: 'No extension is installed where the data API looks',
    sql: `select e.extname as object from pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname = 'public'`,
    fix: 'alter extension ... set schema extensions',
  },
  {
    id: 'owner',
    title: 'Everything belongs to the role that applied the migrations',
    sql: `with mine as (select relowner as owner from pg_class where oid = 'public.organizations'::regclass), all_of_them as (
        select c.relowner as owner, format('%s.%s', n.nspname, c.relname) as object from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname in ${ours} and c.relkind in ('r', 'p', 'v', 'm', 'S')
        union all select proowner, object from (${functions}) f)
      select a.object from all_of_them a, mine where a.owner <> mine.owner`,
    fix: 'alter ... owner to the role that owns public.organizations',
  },
]

/** What breaks it, in order; nothing when it holds. */
export async function runLint(lint: Lint, query: Inspection['query']): Promise<string[]> {
  return (await query(lint.sql)).map(row => String(row.object)).sort()
}
