/** What the type generator needs to know of a schema, read from Postgres' own catalogue. */

export interface Column {
  name: string
  type: string
  nullable: boolean
  hasDefault: boolean
  /** `generated always as (...)`: nobody writes it. */
  generated: boolean
}

export interface Relationship {
  name: string
  columns: string[]
  isOneToOne: boolean
  referencedRelation: string
  referencedColumns: string[]
}

export interface Relation {
  name: string
  kind: 'table' | 'view'
  /** A view with a trigger for that. */
  takesInserts: boolean
  columns: Column[]
  relationships: Relationship[]
}

export interface Argument { name: string, type: string, optional: boolean }

export interface DatabaseFunction {
  name: string
  arguments: Argument[]
  returnsSet: boolean
  returnType: string
  /** `returns table (...)`. */
  returnColumns: { name: string, type: string }[]
}

export interface Catalogue {
  relations: Relation[]
  functions: DatabaseFunction[]
  enums: { name: string, values: string[] }[]
}

export type Query = <Row>(sql: string, parameters: unknown[]) => Promise<Row[]>

/** `schema.type` for types outside of pg_catalog, `_type` for arrays, the base type for domains. */
const typeName = (oid: string) => `(
  select case when base.typname is not null then base.typname else t.typname end
  from pg_type t left join pg_type base on t.typtype = 'd' and base.oid = t.typbasetype where t.oid = ${oid})`

/** 64 and 4 in `tgtype`: instead of, insert. */
const columnsSql = `
  select c.relname as relation, c.relkind in ('r', 'p') as is_table,
    exists (select from pg_trigger t where t.tgrelid = c.oid and (t.tgtype & 68) = 68) as takes_inserts, a.attname as name, ${typeName('a.atttypid')} as type,
    not a.attnotnull as nullable, a.attgenerated <> '' as generated,
    (a.atthasdef and a.attgenerated = '') or a.attidentity <> '' as "hasDefault"
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
  order by c.relname collate "C", a.attname collate "C"`

const names = (relation: string, keys: string) => `(
  select jsonb_agg(a.attname order by k.position) from unnest(${keys}) with ordinality k (number, position)
  join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.number)`

const relationshipsSql = `
  select source.relname as relation, con.conname as name, ${names('con.conrelid', 'con.conkey')} as columns,
    target.relname as "referencedRelation", ${names('con.confrelid', 'con.confkey')} as "referencedColumns",
    exists (select from pg_constraint u where u.conrelid = con.conrelid and u.contype in ('p', 'u')
      and u.conkey <@ con.conkey and con.conkey <@ u.conkey) as "isOneToOne"
  from pg_constraint con
  join pg_class source on source.oid = con.conrelid
  join pg_class target on target.oid = con.confrelid
  join pg_namespace n on n.oid = source.relnamespace and n.oid = target.relnamespace
  where con.contype = 'f' and n.nspname = $1
  order by source.relname collate "C", con.conname collate "C"`

const functionsSql = `
  select p.proname as name, p.proretset as "returnsSet", ${typeName('p.prorettype')} as "returnType",
    p.pronargdefaults as defaults,
    (select coalesce(jsonb_agg(jsonb_build_object('name', coalesce(p.proargnames[x.i], ''), 'mode', coalesce(p.proargmodes[x.i], 'i'),
        'type', ${typeName('x.type')}) order by x.i), '[]')
      from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality x (type, i)) as arguments
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = $1 and p.prokind = 'f' and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  order by p.proname collate "C"`

const enumsSql = `
  select t.typname as name, jsonb_agg(e.enumlabel order by e.enumsortorder) as values
  from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_enum e on e.enumtypid = t.oid
  where n.nspname = $1 group by t.typname order by t.typname collate "C"`

type ColumnRow = Column & { relation: string, is_table: boolean, takes_inserts: boolean }
type FunctionRow = Pick<DatabaseFunction, 'name' | 'returnsSet' | 'returnType'>
  & { defaults: number, arguments: { name: string, mode: string, type: string }[] }

/** @throws when a function is overloaded: PostgREST cannot always tell which one is meant. */
export async function readCatalogue(query: Query, schema: string): Promise<Catalogue> {
  const columns = await query<ColumnRow>(columnsSql, [schema])
  const relationships = await query<Relationship & { relation: string }>(relationshipsSql, [schema])
  const relations = new Map<string, Relation>()
  for (const { relation, is_table, takes_inserts, ...column } of columns) {
    const known = relations.get(relation) ?? {
      name: relation,
      kind: is_table ? 'table' as const : 'view' as const,
      takesInserts: takes_inserts,
      columns: [],
      relationships: relationships.filter(one => one.relation === relation),
    }
    known.columns.push(column)
    relations.set(relation, known)
  }

  const functions = (await query<FunctionRow>(functionsSql, [schema])).map(describeFunction)
  const twice = functions.find((one, index) => functions[index + 1]?.name === one.name)
  if (twice) throw new Error(`${schema}.${twice.name} is overloaded. To fix: give each function its own name.`)
  return { relations: [...relations.values()], functions, enums: await query(enumsSql, [schema]) }
}

function describeFunction(row: FunctionRow): DatabaseFunction {
  const inputs = row.arguments.filter(one => 'ibv'.includes(one.mode))
  return {
    name: row.name,
    returnsSet: row.returnsSet,
    returnType: row.returnType,
    arguments: inputs.map(({ name, type }, index) => ({ name, type, optional: index >= inputs.length - row.defaults })),
    returnColumns: row.arguments.filter(one => one.mode === 't').map(({ name, type }) => ({ name, type })),
  }
}
