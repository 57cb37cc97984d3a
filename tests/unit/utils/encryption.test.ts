import { Buffer } from 'node:buffer'
import { spawnSync } from 'node:child_process'
import { createSecretKey, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import process from 'node:process'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  currentKeyId, decryptConfig, decryptValue, deriveKey, deriveKeys, encryptConfig, EncryptionError, encryptValue, keyIdOf, seal, unseal, useEncryptionKeys,
} from '#server/utils/encryption'
import { gcmVectors } from './gcm-vectors'

const newKey = () => randomBytes(32).toString('base64')
const key = newKey()
const here = { integrationId: 'int-1', organizationId: 'org-1' }

beforeEach(() => useEncryptionKeys({ current: key }))

/** The error's code; its message may name none of the secrets. */
function refusal(attempt: () => unknown, ...secrets: string[]): string {
  try { attempt() }
  catch (error) {
    expect(error).toBeInstanceOf(EncryptionError)
    if (!(error instanceof EncryptionError)) return 'another'
    for (const secret of [...secrets, key]) expect(`${error.message}${error.stack}`).not.toContain(secret)
    return error.code
  }
  return 'opened'
}

describe('published answers', () => {
  it.each(gcmVectors)('$source', (vector) => {
    const hex = (text: string) => Buffer.from(text, 'hex')
    const secret = createSecretKey(hex(vector.key))
    const { ciphertext, tag } = seal(secret, hex(vector.iv), hex(vector.text), hex(vector.bound))
    expect(ciphertext.toString('hex')).toBe(vector.ciphertext)
    expect(tag.toString('hex')).toBe(vector.tag)
    expect(unseal(secret, hex(vector.iv), ciphertext, tag, hex(vector.bound))?.toString('hex')).toBe(vector.text)
    const wrongTag = Buffer.from(tag)
    wrongTag[0] = (wrongTag[0] ?? 0) ^ 1
    expect(unseal(secret, hex(vector.iv), ciphertext, wrongTag, hex(vector.bound))).toBeNull()
    expect(unseal(secret, hex(vector.iv), ciphertext, tag, hex(`${vector.bound}00`))).toBeNull()
  })

  it('takes no short tag and no other IV length', () => {
    const secret = createSecretKey(randomBytes(32))
    const iv = randomBytes(12)
    const { ciphertext, tag } = seal(secret, iv, 'text', '')
    for (const length of [0, 4, 8, 12, 15]) expect(unseal(secret, iv, ciphertext, tag.subarray(0, length), '')).toBeNull()
    for (const length of [0, 8, 11, 13, 16]) expect(unseal(secret, Buffer.alloc(length), ciphertext, tag, '')).toBeNull()
  })
})

describe('a value', () => {
  it('has the documented form', () => {
    const value = encryptValue('text', 'access_token', here)
    expect(value).toMatch(/^[0-9a-f]{8}:[\w-]{16}\.[\w-]{22}\.[\w-]{6}$/)
    expect(keyIdOf(value)).toBe(currentKeyId())
    expect(keyIdOf(value.slice(9))).toBeNull()
    expect(refusal(() => keyIdOf('plain'))).toBe('value_malformed')
  })

  it.each(['a', 'ü', '漢字 🎉', '\u0000', '\uFEFFbom', 'a:b.c.d', '"}{', ' ', 'x'.repeat(100_000), 'sbp_oauth_1234'])('gives back %j', (text) => {
    expect(decryptValue(encryptValue(text, 'f', here), 'f', here)).toBe(text)
    expect(decryptValue(encryptValue(text, 'f'), 'f')).toBe(text)
  })

  it('gives back any well-formed text and refuses any other, rather than change it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, field) => {
      expect(decryptValue(encryptValue(text, field, here), field, here)).toBe(text)
    }))
    for (const lone of ['\uD800', 'a\uDC00b', '\uDC00\uD800']) expect(refusal(() => encryptValue(lone, 'f'), lone)).toBe('value_malformed')
  })

  it('that looks encrypted is encrypted again', () => {
    const once = encryptValue('text', 'f', here)
    const twice = encryptValue(once, 'f', here)
    expect(twice).not.toBe(once)
    expect(decryptValue(twice, 'f', here)).toBe(once)
  })

  it('is never the same twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => encryptValue('text', 'f').slice(9, 25))).size).toBe(1000)
  })

  it('does not open with any bit flipped', () => {
    const value = encryptValue('a token of some length', 'f', here)
    for (let index = 0; index < value.length; index += 1) {
      for (let bit = 0; bit < 7; bit += 1) {
        const letter = String.fromCharCode(value.charCodeAt(index) ^ (1 << bit))
        const flipped = value.slice(0, index) + letter + value.slice(index + 1)
        expect(['value_malformed', 'value_rejected', 'key_unknown']).toContain(refusal(() => decryptValue(flipped, 'f', here), 'a token'))
      }
    }
  })

  it('does not open with any of its bytes changed', () => {
    fc.assert(fc.property(fc.string({ minLength: 1 }).filter(text => text.isWellFormed()), fc.nat(), fc.integer({ min: 1, max: 255 }), (text, position, change) => {
      const [id, rest = ''] = encryptValue(text, 'f', here).split(':')
      const parts = rest.split('.').map(part => Buffer.from(part, 'base64url'))
      const all = Buffer.concat(parts)
      all[position % all.length] = (all[position % all.length] ?? 0) ^ change
      const changed = [all.subarray(0, 12), all.subarray(12, 28), all.subarray(28)].map(part => part.toString('base64url')).join('.')
      expect(refusal(() => decryptValue(`${id}:${changed}`, 'f', here))).toBe('value_rejected')
    }))
  })

  it('does not open when cut or grown anywhere', () => {
    const value = encryptValue('a token', 'f', here)
    for (let length = 0; length < value.length; length += 1) expect(refusal(() => decryptValue(value.slice(0, length), 'f', here))).not.toBe('opened')
    for (const more of ['A', '=', '.', '.AA', ' ', '\n', ':']) expect(refusal(() => decryptValue(value + more, 'f', here))).not.toBe('opened')
    for (const more of ['A', ' ', '\n', 'deadbeef:']) expect(refusal(() => decryptValue(more + value, 'f', here))).not.toBe('opened')
  })

  it.each(['', 'plain', 'sbp_oauth_0123', '..', ':..', 'deadbeef:..', 'deadbeef:AAAA.AAAA.AAAA', `DEADBEEF:${'A'.repeat(16)}.${'A'.repeat(22)}.`, '{"iv":1}', `${'A'.repeat(16)}.${'A'.repeat(21)}=.`, `${'+'.repeat(16)}.${'A'.repeat(22)}.`])(
    'of another form is malformed: %j', text => expect(refusal(() => decryptValue(text, 'f', here))).toBe('value_malformed'))
})

describe('what is bound', () => {
  const value = encryptValueWith('text')
  function encryptValueWith(text: string): string {
    useEncryptionKeys({ current: key })
    return encryptValue(text, 'access_token', here)
  }

  it.each([
    ['field', 'refresh_token', here], ['integration', 'access_token', { ...here, integrationId: 'int-2' }], ['organization', 'access_token', { ...here, organizationId: 'org-2' }],
    ['both ids, swapped', 'access_token', { integrationId: 'org-1', organizationId: 'int-1' }], ['no context', 'access_token', undefined],
  ])('another %s does not open', (_, field, context) => {
    expect(refusal(() => decryptValue(value, field, context))).toBe('value_rejected')
  })

  it('a value without a context opens in none', () => {
    expect(refusal(() => decryptValue(encryptValue('text', 'f'), 'f', here))).toBe('value_rejected')
  })

  it('no two places share an encoding', () => {
    const place = fc.tuple(fc.string(), fc.string({ minLength: 1 }), fc.string({ minLength: 1 }))
    fc.assert(fc.property(place, place, ([field, integrationId, organizationId], other) => {
      fc.pre(JSON.stringify([field, integrationId, organizationId]) !== JSON.stringify(other))
      const moved = encryptValue('text', field, { integrationId, organizationId })
      expect(refusal(() => decryptValue(moved, other[0], { integrationId: other[1], organizationId: other[2] }))).toBe('value_rejected')
    }))
    const tricky = encryptValue('text', 'a', { integrationId: 'b","c', organizationId: 'd' })
    expect(refusal(() => decryptValue(tricky, 'a', { integrationId: 'b', organizationId: 'c","d' }))).toBe('value_rejected')
  })

  it('an empty id is a mistake and not a place', () => {
    expect(refusal(() => encryptValue('text', 'f', { integrationId: '', organizationId: 'o' }))).toBe('value_malformed')
    expect(refusal(() => encryptValue('text', 'f', { integrationId: 'i', organizationId: '' }))).toBe('value_malformed')
  })
})

describe('keys', () => {
  it('a previous key opens, and no longer encrypts', () => {
    const old = encryptValue('text', 'f', here)
    const next = newKey()
    useEncryptionKeys({ current: next, previous: [newKey(), key] })
    expect(decryptValue(old, 'f', here)).toBe('text')
    expect(decryptValue(old.slice(9), 'f', here)).toBe('text')
    expect(keyIdOf(encryptValue('text', 'f'))).toBe(currentKeyId())
    expect(currentKeyId()).not.toBe(keyIdOf(old))
  })

  it('fields of one row may be under two keys', () => {
    const old = encryptConfig({ access_token: 'a', refresh_token: 'b' }, here)
    useEncryptionKeys({ current: newKey(), previous: [key] })
    const mixed = { ...old, access_token: encryptValue('new', 'access_token', here) }
    expect(decryptConfig(mixed, here)).toEqual({ access_token: 'new', refresh_token: 'b' })
  })

  it('a wrong key is named as unknown, or rejects what names none', () => {
    const value = encryptValue('text', 'f', here)
    useEncryptionKeys({ current: newKey() })
    expect(refusal(() => decryptValue(value, 'f', here), 'text')).toBe('key_unknown')
    expect(refusal(() => decryptValue(value.slice(9), 'f', here), 'text')).toBe('value_rejected')
    expect(refusal(() => decryptValue(`${currentKeyId()}${value.slice(8)}`, 'f', here), 'text')).toBe('value_rejected')
  })

  it.each(['', 'short', Buffer.alloc(32).toString('base64'), Buffer.alloc(32, 7).toString('base64'), randomBytes(16).toString('base64'), randomBytes(32).toString('hex')])(
    'a bad key is refused: %j', (bad) => {
      expect(refusal(() => useEncryptionKeys({ current: bad }), ...(bad ? [bad] : []))).toBe('key_invalid')
      expect(refusal(() => useEncryptionKeys({ current: newKey(), previous: [bad] }), ...(bad ? [bad] : []))).toBe('key_invalid')
      expect(decryptValue(encryptValue('still works', 'f'), 'f')).toBe('still works')
    })

  it('derived keys differ by purpose and key, and are stable', () => {
    const bytes = (purpose: string) => deriveKey(purpose).export().toString('hex')
    const first = bytes('a')
    expect(first).toHaveLength(64)
    expect(bytes('a')).toBe(first)
    expect(bytes('b')).not.toBe(first)
    expect(first).not.toBe(Buffer.from(key, 'base64').toString('hex'))
    useEncryptionKeys({ current: newKey(), previous: [key] })
    expect(bytes('a')).not.toBe(first)
    expect(deriveKeys('a').map(item => item.export().toString('hex'))).toEqual([bytes('a'), first])
  })
})

describe('encryptConfig and decryptConfig', () => {
  const config = {
    access_token: 'a', refresh_token: 'r', user_access_token: 'ua', user_refresh_token: 'ur', project_id: 'p', project_name: 'ü', expires_at: '2026-01-01T00:00:00Z',
    scopes_granted: ['x'], enabled_checks: { rls: true }, count: 0, nothing: null,
  }

  it('change the secret fields and nothing else, on a copy', () => {
    const before = structuredClone(config)
    const encrypted = encryptConfig(config, here)
    expect(config).toEqual(before)
    for (const field of ['access_token', 'refresh_token', 'user_access_token', 'user_refresh_token'] as const) {
      expect(keyIdOf(encrypted[field])).toBe(currentKeyId())
    }
    expect({ ...encrypted, access_token: 'a', refresh_token: 'r', user_access_token: 'ua', user_refresh_token: 'ur' }).toEqual(config)
    const frozen = Object.freeze(encrypted)
    expect(decryptConfig(frozen, here)).toEqual(config)
  })

  it('take the fields that a connector names', () => {
    const encrypted = encryptConfig({ access_token: 'a', external_id: 'e' }, here, ['external_id'])
    expect(encrypted.access_token).toBe('a')
    expect(encrypted.external_id).not.toBe('e')
    expect(decryptConfig(encrypted, here, ['external_id'])).toEqual({ access_token: 'a', external_id: 'e' })
  })

  it.each([{}, { access_token: null }, { access_token: undefined }, { access_token: '' }, { refresh_token: null, access_token: '' }])('leave what is not there: %j', (empty) => {
    expect(encryptConfig(empty, here)).toStrictEqual(empty)
    expect(decryptConfig(empty, here)).toStrictEqual(empty)
  })

  it.each([1, 0, true, false, ['a'], { a: 1 }, 1n])('refuse a secret that is no text: %s', (value) => {
    expect(refusal(() => encryptConfig({ access_token: value }, here))).toBe('value_malformed')
    expect(refusal(() => decryptConfig({ access_token: value }, here))).toBe('value_malformed')
  })

  it('never take plain text for an encrypted value', () => {
    expect(refusal(() => decryptConfig({ access_token: 'sbp_plain' }, here), 'sbp_plain')).toBe('value_malformed')
  })

  it('do not open a field put in another\'s place, a row\'s values in another row, or another organization', () => {
    const encrypted = encryptConfig({ access_token: 'a', refresh_token: 'r' }, here)
    expect(refusal(() => decryptConfig({ access_token: encrypted.refresh_token }, here))).toBe('value_rejected')
    expect(refusal(() => decryptConfig(encrypted, { ...here, integrationId: 'int-2' }))).toBe('value_rejected')
    expect(refusal(() => decryptConfig(encrypted, { ...here, organizationId: 'org-2' }))).toBe('value_rejected')
    expect(refusal(() => decryptConfig(encrypted))).toBe('value_rejected')
  })

  it('do not read inherited fields', () => {
    const inherited: { project_id: string } = Object.assign(Object.create({ access_token: 'inherited' }), { project_id: 'p' })
    expect(encryptConfig(inherited, here)).toEqual({ project_id: 'p' })
  })

  it('give back any configuration', () => {
    const text = fc.option(fc.string({ unit: 'binary' }), { nil: null })
    fc.assert(fc.property(fc.record({ access_token: text, refresh_token: text, other: fc.jsonValue() }, { requiredKeys: [] }), (any) => {
      expect(decryptConfig(encryptConfig(any, here), here)).toEqual(any)
    }))
  })
})

describe('the self-check', () => {
  const file = fileURLToPath(new URL('../../../server/utils/encryption.ts', import.meta.url))
  const run = (environment: Record<string, string>) => spawnSync(process.execPath, [file], { encoding: 'utf8', env: { ...environment, NODE_NO_WARNINGS: '1' } })

  it('passes with a good key and never prints it', () => {
    const { status, stdout, stderr } = run({ ENCRYPTION_KEY: key })
    expect(stderr).toBe('')
    expect(stdout.match(/^ok /gm)?.length).toBeGreaterThan(10)
    expect(stdout).not.toContain('FAILED')
    expect(stdout).not.toContain(key)
    expect(status).toBe(0)
  })

  it.each([[{}, 'openssl rand'], [{ ENCRYPTION_KEY: 'c2hvcnQ=' }, '32 bytes'], [{ ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }, 'not a random key']])(
    'fails with %j', (environment, expected) => {
      const { status, stderr } = run(environment)
      expect(status).toBe(1)
      expect(stderr).toContain(expected)
      expect(stderr).not.toContain('c2hvcnQ=')
    })
})
