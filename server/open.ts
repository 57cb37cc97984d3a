/** Opens what everything rests on: the keys and the database, for a process that serves or works and for a command. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serviceClient, useSupabase } from '#server/database/clients'
import type { EmbeddedSupabase } from '#server/database/embedded'
import type { Migration } from '#server/database/migrations'
import { installationSecret } from '#server/integrations/installation-secret'
import { requireKeys } from '#server/integrations/keys-check'
import { deriveKey, useEncryptionKeys } from '#server/utils/encryption'
import { ensureEncryptionKey } from '#server/utils/encryption-key'
import type { Env } from '#server/utils/env'

export interface OpenOptions {
  env: Env
  migrations: () => Promise<Migration[]>
  /** Wait for a process that is on its way out: a development server that reloads. */
  patienceMs: number
}

/**
 * @param closers what has to be closed again, the last one first; filled also when this throws
 * @returns the embedded database, or null in Supabase mode
 */
export async function openDatabase({ env, migrations, patienceMs }: OpenOptions, closers: (() => Promise<void> | void)[]): Promise<EmbeddedSupabase | null> {
  if (env.mode === 'embedded') refuseLostKey(env)
  await ensureEncryptionKey(env)
  const embedded = env.supabase ? null : await openEmbedded(env, await migrations(), patienceMs, closers)
  useSupabase(embedded ?? env.supabase)
  if (!embedded) await requireSchema()
  if (!embedded && !env.encryptionKey) useEncryptionKeys({ current: await installationSecret(), previous: env.previousEncryptionKeys })
  await requireKeys()
  return embedded
}

/** A new key beside an old database would make every stored credential unreadable, quietly. */
function refuseLostKey(env: Env): void {
  if (env.encryptionKey || !existsSync(join(env.dataDir, 'database')) || existsSync(join(env.dataDir, 'encryption.key'))) return
  throw new Error(`${env.dataDir} holds a database and no encryption.key. Restore that file, or set ENCRYPTION_KEY to the key it was made with.`)
}

async function openEmbedded(env: Env, migrations: Migration[], patienceMs: number, closers: (() => Promise<void> | void)[]): Promise<EmbeddedSupabase> {
  const { lockDataDir } = await import('#server/database/lock')
  const { openEmbeddedSupabase } = await import('#server/database/embedded')
  closers.push(await lockDataDir(env.dataDir, { patienceMs }))
  const jwtSecret = deriveKey('embedded-supabase/jwt/1').export().toString('base64url')
  const embedded = await openEmbeddedSupabase({ directory: env.dataDir, jwtSecret, siteUrl: env.appUrl, migrations })
  closers.push(embedded.close)
  return embedded
}

/** By the newest column that this version reads. */
async function requireSchema(): Promise<void> {
  const { error } = await serviceClient().from('webhook_receipts').select('processed_at').limit(1)
  if (!error) return
  // A gateway's refusal has no code.
  const code: string | undefined = error.code
  const missing = code?.startsWith('PGRST2') || code === '42P01' || code === '42703'
  throw new Error(missing
    ? 'The Supabase project has not got this version\'s tables yet. Run: npx supabase db push'
    : `Supabase at SUPABASE_URL does not answer as the service role (${code || 'no answer'}). Compare SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY with the project's settings.`)
}
