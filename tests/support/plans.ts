/** How the database goes about a function's statement: its body, explained with these arguments in place of its parameters. */
import type { Rooms } from './rooms.ts'

/** @param name with its schema, of a function in SQL @returns the plan, as Postgres writes it */
export async function planOf(sql: Rooms['sql'], name: string, parameters: Record<string, unknown>): Promise<string> {
  const [fact] = await sql<{ body: string }>(`select p.prosrc as body from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname || '.' || p.proname = $1`, [name])
  if (!fact) throw new Error(`There is no function ${name}`)
  const body = Object.entries(parameters).reduce((text, [parameter, value]) => text.replaceAll(new RegExp(`\\b${parameter}\\b`, 'g'), literal(value)), fact.body)
  const rows = await sql<{ 'QUERY PLAN': string }>(`explain ${body}`)
  return rows.map(row => row['QUERY PLAN']).join('\n')
}

function literal(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const quoted = `'${text.replaceAll('\'', '\'\'')}'`
  if (typeof value !== 'string') return `${quoted}::jsonb`
  return /^[0-9a-f-]{36}$/.test(text) ? `${quoted}::uuid` : quoted
}
