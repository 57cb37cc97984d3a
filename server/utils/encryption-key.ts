/**
 * The key of an installation with the embedded database: made once, kept in DATA_DIR/encryption.key, readable by this
 * user only. The file holds the same text that ENCRYPTION_KEY would.
 *
 * It is written to a file of its own, flushed, and then linked into place: link(2) fails when the name exists, so that
 * two processes cannot each make a key, and a crash leaves either no key or a whole one. On a file system without hard
 * links (some network and container mounts) the name is claimed by an exclusive create instead; after a crash in that
 * moment the file is short, and the next start says so.
 */
import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EncryptionError, useEncryptionKeys } from './encryption.ts'
import { keyFault } from './env-schema.ts'
import type { Env } from './env.ts'
import { log } from './log'

export interface KeyOrigin { from: 'environment' | 'file' | 'created', path: string | null }

/** The file's key, or null when there is no file. @throws EncryptionError key_invalid, naming the file */
async function readKey(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const key = text.trim()
  const fault = keyFault(key)
  if (fault) throw new EncryptionError('key_invalid', `${path} ${fault}. Restore it from a backup: without it no stored credential can be read`)
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
  return key
}

async function flush(path: string, flags: string, text?: string): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    if (text !== undefined) await file.writeFile(text)
    await file.sync()
  }
  finally { await file.close() }
}

/** False when somebody else was first. */
async function createKey(folder: string, path: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const text = `${randomBytes(32).toString('base64')}\n`
  try {
    await flush(draft, 'wx', text)
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(error.code ?? '')) throw error
      return flush(path, 'wx', text)
    })
    await flush(folder, 'r').catch(() => undefined) // Some systems cannot flush a folder.
    return true
  }
  catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
  finally { await rm(draft, { force: true }) }
}

/**
 * Installs the keys of this process. With ENCRYPTION_KEY set, a key file of earlier days still decrypts, so that setting
 * the variable is a rotation and not a loss.
 * @throws EncryptionError key_missing (Supabase mode without ENCRYPTION_KEY), key_invalid
 */
export async function ensureEncryptionKey(
  env: Pick<Env, 'mode' | 'dataDir' | 'encryptionKey' | 'previousEncryptionKeys'> & Partial<Pick<Env, 'kmsKeyId'>>,
  announce: (line: string) => void = line => log.warn(line),
): Promise<KeyOrigin> {
  const path = join(env.dataDir, 'encryption.key')
  const kept = env.mode === 'embedded' ? await readKey(path) : null
  if (env.encryptionKey) {
    useEncryptionKeys({ current: env.encryptionKey, previous: [...env.previousEncryptionKeys, ...(kept ? [kept] : [])] })
    return { from: 'environment', path: null }
  }
  // Supabase mode with a KMS: the installation's secret stands in the database, and the caller opens it there.
  if (env.mode !== 'embedded' && env.kmsKeyId) return { from: 'environment', path: null }
  if (env.mode !== 'embedded') throw new EncryptionError('key_missing', 'ENCRYPTION_KEY is not set. Make one with: openssl rand -base64 32')

  const created = kept === null && await createKey(env.dataDir, path)
  const current = kept ?? await readKey(path)
  if (!current) throw new EncryptionError('key_missing', `${path} disappeared while it was being created`)
  useEncryptionKeys({ current, previous: env.previousEncryptionKeys })
  if (created) announce(`A new encryption key is in ${path}. Back it up: without it no stored credential can be read.`)
  return { from: created ? 'created' : 'file', path }
}
