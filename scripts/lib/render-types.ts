/** Renders a catalogue as supabase-js' `Database` type, in the shape of `supabase gen types typescript`. */
import type { Argument, Catalogue, Column, DatabaseFunction, Relation } from './catalogue.ts'

const numbers = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'])
const strings = new Set(['bytea', 'bpchar', 'varchar', 'date', 'text', 'citext', 'time', 'timetz', 'timestamp', 'timestamptz', 'uuid'])

/** The TypeScript type of a Postgres type, as PostgREST sends it in JSON. */
export function typescriptType(name: string, catalogue: Catalogue): string {
  if (name.startsWith('_')) return `${typescriptType(name.slice(1), catalogue)}[]`
  if (name === 'bool') return 'boolean'
  if (numbers.has(name)) return 'number'
  if (strings.has(name)) return 'string'
  if (name === 'json' || name === 'jsonb') return 'Json'
  if (name === 'void') return 'undefined'
  if (name === 'record') return 'Record<string, unknown>'
  if (catalogue.enums.some(one => one.name === name)) return `Database['public']['Enums']['${name}']`
  if (catalogue.relations.some(one => one.name === name)) return `Database['public']['Tables']['${name}']['Row']`
  return 'unknown'
}

type Block = string[]
const indent = (lines: Block): Block => lines.map(line => `  ${line}`)
const block = (name: string, lines: Block): Block => [`${name}: {`, ...indent(lines.length ? lines : ['[_ in never]: never']), '}']
const quoted = (values: string[]) => `[${values.map(value => `'${value}'`).join(', ')}]`

function columnLines(columns: Column[], catalogue: Catalogue, use: 'Row' | 'Insert' | 'Update'): Block {
  return columns.map((column) => {
    const type = typescriptType(column.type, catalogue) + (column.nullable ? ' | null' : '')
    if (use === 'Row') return `${column.name}: ${type}`
    if (column.generated) return `${column.name}?: never`
    return `${column.name}${use === 'Update' || column.nullable || column.hasDefault ? '?' : ''}: ${type}`
  })
}

function relationLines(relation: Relation, catalogue: Catalogue): Block {
  const uses = relation.kind === 'table' ? ['Row', 'Insert', 'Update'] as const : relation.takesInserts ? ['Row', 'Insert'] as const : ['Row'] as const
  const relationships = relation.relationships.flatMap(one => [
    '{',
    ...indent([
      `foreignKeyName: '${one.name}'`,
      `columns: ${quoted(one.columns)}`,
      `isOneToOne: ${one.isOneToOne}`,
      `referencedRelation: '${one.referencedRelation}'`,
      `referencedColumns: ${quoted(one.referencedColumns)}`,
    ]),
    '},',
  ])
  return block(relation.name, [
    ...uses.flatMap(use => block(use, columnLines(relation.columns, catalogue, use))),
    ...(relationships.length ? ['Relationships: [', ...indent(relationships), ']'] : ['Relationships: []']),
  ])
}

const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1

function functionLines(one: DatabaseFunction, catalogue: Catalogue): Block {
  const args = [...one.arguments].sort(byName).map((argument: Argument) =>
    `${argument.name}${argument.optional ? '?' : ''}: ${typescriptType(argument.type, catalogue)}`)
  const single = typescriptType(one.returnType, catalogue)
  const returns = one.returnColumns.length
    ? ['Returns: {', ...indent([...one.returnColumns].sort(byName).map(column => `${column.name}: ${typescriptType(column.type, catalogue)}`)), '}[]']
    : [`Returns: ${single}${one.returnsSet ? '[]' : ''}`]
  return block(one.name, [...(args.length ? block('Args', args) : ['Args: never']), ...returns])
}

const header = `// Generated from supabase/migrations by \`npm run db:types\`: do not edit.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]
`

const footer = `
type PublicSchema = Database['public']

export type Tables<T extends keyof PublicSchema['Tables']> = PublicSchema['Tables'][T]['Row']
export type TablesInsert<T extends keyof PublicSchema['Tables']> = PublicSchema['Tables'][T]['Insert']
export type TablesUpdate<T extends keyof PublicSchema['Tables']> = PublicSchema['Tables'][T]['Update']
`

/** The whole file. The same catalogue gives the same bytes. */
export function renderTypes(catalogue: Catalogue): string {
  const of = (kind: Relation['kind']) => catalogue.relations.filter(one => one.kind === kind)
  const enums = catalogue.enums.map(one => `${one.name}: ${one.values.map(value => `'${value}'`).join(' | ')}`)
  const schema = block('public', [
    ...block('Tables', of('table').flatMap(one => relationLines(one, catalogue))),
    ...block('Views', of('view').flatMap(one => relationLines(one, catalogue))),
    ...block('Functions', catalogue.functions.flatMap(one => functionLines(one, catalogue))),
    ...block('Enums', enums),
    ...block('CompositeTypes', []),
  ])
  return [header, 'export type Database = {', ...indent(schema), '}', footer].join('\n')
}
