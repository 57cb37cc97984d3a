import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import postgres from 'postgres'
import { inject, it } from 'vitest'
import { useSupabase } from '#server/database/clients'
import { rotateDataKeys } from '#server/integrations/rotate'
import { useEncryptionKeys } from '#server/utils/encryption'
import { loadEnv } from '#server/utils/env'
import { startLiteServer } from '../support/lite-server'
import { createDatabase } from '../support/postgres'
import { seedSealed } from '../support/sealed-integrations'
import { byTurns, report } from './report'

const ORGANIZATIONS = 50
const ROWS = 10_000
const BATCH = 200

type Config = Record<string, string>

/** What is left of the work without keys of organizations, contexts, versions and journals: read, decrypt, encrypt, write. */
async function bareLoop(url: string, key: string): Promise<void> {
  const client = createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false } })
  const secret = createSecretKey(randomBytes(32))
  const iv = randomBytes(12)
  // Another key each time, as a rotation has it: the rows' index of keys changes with it.
  const keyId = randomBytes(4).toString('hex')
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const { data } = await client.from('integrations').select('id, version, config').gt('id', after).order('id').limit(BATCH).throwOnError()
    const rows = data as { id: string, version: number, config: Config }[]
    const last = rows.at(-1)
    if (!last) return
    after = last.id
    const items = rows.map(({ id, version, config }) => ({ id, version, config: Object.fromEntries(['access_token', 'refresh_token'].map(field => [field, recrypted(config[field] ?? '')])) }))
    const { data: stored } = await client.rpc('store_rotated_credentials', { p_items: items }).throwOnError()
    if ((stored as unknown[]).length !== rows.length) throw new Error('Not all were stored')
  }

  function recrypted(value: string): string {
    const [, rest = ''] = value.split(':')
    const [, , body = ''] = rest.split('.')
    const decipher = createDecipheriv('aes-256-gcm', secret, iv)
    const plain = decipher.update(Buffer.from(body, 'base64url'))
    const fresh = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', secret, fresh)
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
    return `${keyId}:${fresh.toString('base64url')}.${cipher.getAuthTag().toString('base64url')}.${ciphertext.toString('base64url')}`
  }
}

it('changing all data keys against the bare loop over the same rows through the same server', async () => {
  const [ours, bare] = await Promise.all([prepare(), prepare()])
  try {
    useSupabase(ours.server)
    const [oursMs, bareMs] = await byTurns(5, () => rotateDataKeys(() => {}), () => bareLoop(bare.server.url, bare.server.serviceRoleKey))
    report({
      name: 'keys:rotate -- --data-keys: time against a bare read-decrypt-encrypt-write loop', value: oursMs / bareMs, unit: '×', target: { atMost: 1.5 },
      detail: { rows: ROWS, organizations: ORGANIZATIONS, ours_ms: oursMs, bare_ms: bareMs, rows_per_second: ROWS / oursMs * 1000 },
    })
  }
  finally {
    useSupabase(null)
    await ours.close()
    await bare.close()
  }
})

async function prepare() {
  loadEnv()
  useEncryptionKeys({ current: Buffer.alloc(32, 'a key of this measurement alone').toString('base64') })
  const database = await createDatabase(inject('postgresUrl'))
  const server = await startLiteServer(database.url)
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  await seedSealed((text, parameters = []) => sql.unsafe(text, parameters as never[]), ORGANIZATIONS, ROWS / ORGANIZATIONS)
  await sql`analyze public.integrations`
  await sql.end()
  return {
    server,
    close: async () => {
      await server.close()
      await database.drop()
    },
  }
}
