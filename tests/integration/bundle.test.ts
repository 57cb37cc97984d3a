/** What every visitor downloads: nothing of the server is in it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { remedies } from '#server/utils/env-schema'
import { auditActions } from '#server/audit'
import { readMigrations } from '../../scripts/lib/lite-database.ts'

const root = join(import.meta.dirname, '../../.output')
const textual = /\.(?:js|mjs|css|html|json|map|txt|svg)$/

function filesOf(folder: string): { name: string, text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && textual.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return { name: path.slice(root.length + 1), text: readFileSync(path, 'utf8') }
    })
}

/** Where any of the words stands. Whole words only: `organizations` is a word of the pages, too. */
function found(files: { name: string, text: string }[], words: readonly string[]): string[] {
  return files.flatMap(({ name, text }) => words
    .filter(word => new RegExp(`(?<![\\w-])${word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}(?![\\w-])`).test(text))
    .map(word => `${name} holds ${word}. To fix: find the import that leads from a page to a server room`))
}

/** Words that only the server's code holds. */
const markers = [
  'service_role', 'serviceRoleKey', 'serviceClient', 'sb_secret_', 'decryptConfig', 'encryptConfig', 'createCipheriv', 'aes-256-gcm', 'pg-boss', 'pgboss', 'pglite', 'PGlite',
  '@supabase/supabase-js', 'supabase-js', 'postgrest', 'createServerClient', 'signInWithPassword', 'refresh_token', 'code_verifier', 'client_secret',
  'config_metadata', 'refresh_lease_owner', 'refresh_lease_until', 'refresh_due_at', 'lease_owner', 'audit_log', 'api_keys', 'key_hash', 'user_organizations', 'integration_resources', 'used_oauth_states',
  '/v1/oauth/token', 'advisors/security',
]
/** The pages name these to tell an operator what to set. */
const shownToOperators = new Set(['DATA_DIR', 'APP_URL', 'SANDBOX', 'WORKER', 'WEB', 'NODE_ENV'])
const environment = Object.keys(remedies).filter(name => !shownToOperators.has(name))

async function functionNames(): Promise<string[]> {
  const sql = (await readMigrations()).map(one => one.sql).join('\n')
  const names = [...sql.matchAll(/create function (?:public|private)\.(\w+)/g)].map(match => match[1] ?? '')
  // Words that pages use for themselves.
  return [...new Set(names)].filter(name => name.includes('_') && !['create_organization', 'list_members'].includes(name))
}

describe('the built client', () => {
  const files = filesOf('public')

  it('is there', () => {
    expect(files.filter(file => file.name.endsWith('.js')).length).toBeGreaterThan(5)
    expect(files.some(file => file.text.includes('/api/integrations'))).toBe(true)
  })

  it('holds no server room', () => expect(found(files, markers)).toEqual([]))
  it('holds no setting of the server', () => expect(found(files, environment)).toEqual([]))
  it('holds no function of the database', async () => expect(found(files, await functionNames())).toEqual([]))
  it('holds no source map and no path of the machine that built it', () => {
    expect(files.filter(file => file.name.endsWith('.map')).map(file => file.name)).toEqual([])
    expect(found(files, [join(import.meta.dirname, '../..')])).toEqual([])
  })

  it('holds nothing that looks like a key', () => {
    const shapes = [/\bsb[ap]_[0-9a-f]{20,}/, /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/, /-----BEGIN [A-Z ]*PRIVATE KEY-----/, /postgres(?:ql)?:\/\/[^\s"'`]+:[^\s"'`]+@/]
    expect(files.filter(({ text }) => shapes.some(shape => shape.test(text))).map(file => file.name)).toEqual([])
  })
})

describe('this test', () => {
  it('finds in the server\'s own bundle what must not be in the client\'s', async () => {
    const server = filesOf('server/chunks').filter(file => !file.name.includes('node_modules'))
    const missing = [...markers, ...environment, ...await functionNames()].filter(word => found(server, [word]).length === 0)
    expect(missing, 'To fix: take markers that are not in the server\'s code off the list').toEqual([])
    expect(found(server, auditActions).length).toBeGreaterThan(0)
  })

  it('finds a word in a file, and not its parts', () => {
    const file = { name: 'x.js', text: 'a="service_role",b=my_service_role_2' }
    expect(found([file], ['service_role'])).toHaveLength(1)
    expect(found([file], ['service'])).toEqual([])
  })
})
