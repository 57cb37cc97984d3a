/** Everything that leaves the app or stays behind it, searched for what must never be seen. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import postgres from 'postgres'

/** `<key id>:iv.tag.ciphertext`. The cookie of a flow has no key id: it holds no token. */
export const ciphertext = /(?<![0-9a-z])[0-9a-f]{8}:[\w-]{16}\.[\w-]{22}\.[\w-]+/g

export interface Traffic {
  /** Status, headers (cookies and redirects among them) and body of each answer. */
  answers: string[]
  stop: () => void
}

/** Records what the app answers to anything in this process. */
export function watchTraffic(origin: string): Traffic {
  const { fetch } = globalThis
  const answers: string[] = []
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init)
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.origin === origin) answers.push([`${init?.method ?? 'GET'} ${url.pathname} ${response.status}`, ...[...response.headers].map(pair => pair.join(': ')), await response.clone().text()].join('\n'))
    return response
  }
  return { answers, stop: () => { globalThis.fetch = fetch } }
}

type Query = (sql: string) => Promise<Record<string, unknown>[]>

export interface Dump { table: string, row: string }

/** Every row of every table, as text; of integrations without `config`, which comes as a table of its own. */
export async function dumpTables(query: Query): Promise<Dump[]> {
  const tables = await query(`select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`)
  const rows: Dump[] = []
  for (const { name } of tables) {
    const table = String(name)
    const columns = table === 'public.integrations' ? '(to_jsonb(t) - \'config\')::text' : 'to_jsonb(t)::text'
    rows.push(...(await query(`select ${columns} as row from ${table} t`)).map(({ row }) => ({ table, row: String(row) })))
  }
  rows.push(...(await query('select config::text as row from public.integrations')).map(({ row }) => ({ table: 'config', row: String(row) })))
  return rows
}

export async function dumpPostgres(url: string): Promise<Dump[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await dumpTables(async text => [...await sql.unsafe(text)])
  }
  finally {
    await sql.end()
  }
}

/** The embedded database of an app that has stopped. */
export async function dumpDataDir(dataDir: string): Promise<Dump[]> {
  const database = await PGlite.create(join(dataDir, 'database'))
  try {
    return await dumpTables(async text => (await database.query<Record<string, unknown>>(text)).rows)
  }
  finally {
    await database.close()
  }
}

/** All files below a folder as text, but for the key itself. */
export function filesBelow(folder: string): { table: string, row: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name !== 'encryption.key' && statSync(join(folder, name)).isFile())
    .map(name => ({ table: name, row: readFileSync(join(folder, name), 'latin1') }))
}

/** Where a secret stands in a text, with what is around it. */
export function findSecrets(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].flatMap((secret) => {
    const at = text.indexOf(secret)
    return at < 0 ? [] : [`${secret.slice(0, 12)}… in: ${text.slice(Math.max(0, at - 80), at + 20)}`]
  })
}
