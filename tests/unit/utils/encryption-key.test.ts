import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { currentKeyId, decryptValue, EncryptionError, encryptValue, useEncryptionKeys } from '#server/utils/encryption'
import { ensureEncryptionKey } from '#server/utils/encryption-key'
import { keyFault } from '#server/utils/env-schema'

let folder = ''
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'allyship-key-')) })
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const environment = (more: { encryptionKey?: string, mode?: 'supabase' } = {}) =>
  ({ mode: 'embedded' as const, dataDir: join(folder, 'data'), encryptionKey: null, previousEncryptionKeys: [], ...more })
const path = () => join(folder, 'data', 'encryption.key')

describe('ensureEncryptionKey', () => {
  it('makes a key once, for this user only, and says where', async () => {
    const said: string[] = []
    expect(await ensureEncryptionKey(environment(), line => said.push(line))).toEqual({ from: 'created', path: path() })
    const text = readFileSync(path(), 'utf8')
    expect(keyFault(text.trim())).toBeNull()
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(path())
    expect(said[0]).toContain('Back it up')
    expect(said[0]).not.toContain(text.trim())
    expect(readdirSync(join(folder, 'data'))).toEqual(['encryption.key'])

    const value = encryptValue('text', 'f')
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    expect(await ensureEncryptionKey(environment(), line => said.push(line))).toEqual({ from: 'file', path: path() })
    expect(decryptValue(value, 'f')).toBe('text')
    expect(said).toHaveLength(1)
    expect(readFileSync(path(), 'utf8')).toBe(text)
  })

  it('makes one key however many start at once', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => ensureEncryptionKey(environment(), () => undefined)))
    expect(results.filter(result => result.from === 'created')).toHaveLength(1)
    expect(readdirSync(join(folder, 'data'))).toEqual(['encryption.key'])
  })

  it('prefers ENCRYPTION_KEY, and still opens what the file\'s key encrypted', async () => {
    await ensureEncryptionKey(environment(), () => undefined)
    const [value, id] = [encryptValue('text', 'f'), currentKeyId()]
    expect(await ensureEncryptionKey(environment({ encryptionKey: randomBytes(32).toString('base64') }))).toEqual({ from: 'environment', path: null })
    expect(currentKeyId()).not.toBe(id)
    expect(decryptValue(value, 'f')).toBe('text')
  })

  it('writes no file when it need not', async () => {
    await ensureEncryptionKey(environment({ encryptionKey: randomBytes(32).toString('base64') }))
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  it('makes none in Supabase mode', async () => {
    await expect(ensureEncryptionKey(environment({ mode: 'supabase' }))).rejects.toMatchObject({ code: 'key_missing' })
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  it('keeps other users out of a file that let them in', async () => {
    await ensureEncryptionKey(environment(), () => undefined)
    chmodSync(path(), 0o644)
    await ensureEncryptionKey(environment())
    expect(statSync(path()).mode & 0o777).toBe(0o600)
  })

  it.each(['', 'short', `${Buffer.alloc(32).toString('base64')}\n`, 'two\nlines'])('refuses a damaged file and leaves it: %j', async (damaged) => {
    await ensureEncryptionKey(environment(), () => undefined)
    writeFileSync(path(), damaged)
    const attempt = ensureEncryptionKey(environment())
    await expect(attempt).rejects.toBeInstanceOf(EncryptionError)
    await expect(attempt).rejects.toThrow(path())
    expect(readFileSync(path(), 'utf8')).toBe(damaged)
  })
})
