/** Values under an organization's data key: their form, and that they open in one place only. */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  decryptConfig, decryptValue, encryptConfig, EncryptionError, encryptValue, keyIdOf, named, useEncryptionKeys, type DataKey, type EncryptionContext,
} from '#server/utils/encryption'

const root = randomBytes(32)
const newDataKey = (secret = randomBytes(32)) => named(createSecretKey(secret))
const token = 'sbp_oauth_a_token_of_some_length'

const own = newDataKey()
const older = newDataKey()
const here = { integrationId: randomUUID(), organizationId: randomUUID(), version: 7, keys: [own, older] } satisfies EncryptionContext

beforeEach(() => useEncryptionKeys({ current: root.toString('base64') }))

/** `opened`, or the error's code; its message and stack may name no secret. */
function outcome(attempt: () => unknown, ...secrets: string[]): string {
  try { attempt() }
  catch (error) {
    if (!(error instanceof EncryptionError)) throw error
    const keys = [root, ...[own, older].map(key => key.secret.export())]
    const forms = keys.flatMap(key => (['base64', 'base64url', 'hex'] as const).map(form => key.toString(form)))
    for (const secret of [token, ...secrets, ...forms]) expect(`${error.message}${error.stack}`).not.toContain(secret)
    return error.code
  }
  return 'opened'
}

describe('a value under a data key', () => {
  it('has the documented form, with the data key\'s id in front', () => {
    const value = encryptValue(token, 'access_token', here)
    expect(value).toMatch(/^[0-9a-f]{8}:[\w-]{16}\.[\w-]{22}\.[\w-]+$/)
    expect(keyIdOf(value)).toBe(own.id)
    expect(decryptValue(value, 'access_token', here)).toBe(token)
  })

  it('opens with a retired key, and no longer when that is gone', () => {
    const value = encryptValue(token, 'access_token', { ...here, keys: [older] })
    expect(decryptValue(value, 'access_token', here)).toBe(token)
    expect(outcome(() => decryptValue(value, 'access_token', { ...here, keys: [own] }), value)).toBe('key_unknown')
    expect(outcome(() => decryptValue(value, 'access_token', { ...here, keys: undefined }), value)).toBe('key_unknown')
  })

  it('opens without ENCRYPTION_KEY\'s help: another one changes nothing', () => {
    const value = encryptValue(token, 'access_token', here)
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    expect(decryptValue(value, 'access_token', here)).toBe(token)
  })

  it('wants to know its row\'s version', () => {
    expect(outcome(() => encryptValue(token, 'access_token', { ...here, version: undefined }))).toBe('value_malformed')
    expect(outcome(() => encryptValue(token, 'access_token', { ...here, version: 0 }))).toBe('value_malformed')
  })

  it('gives back any configuration', () => {
    const text = fc.option(fc.string({ unit: 'binary' }), { nil: null })
    fc.assert(fc.property(fc.record({ access_token: text, refresh_token: text, other: fc.jsonValue() }, { requiredKeys: [] }), (any) => {
      expect(decryptConfig(encryptConfig(any, here), here)).toEqual(any)
    }))
  })

  it('does not open with any bit flipped, and the error does not quote it', () => {
    const value = encryptValue(token, 'access_token', here)
    for (let index = 0; index < value.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = value.slice(0, index) + String.fromCharCode(value.charCodeAt(index) ^ (1 << bit)) + value.slice(index + 1)
        expect(['value_malformed', 'value_rejected', 'key_unknown']).toContain(outcome(() => decryptValue(flipped, 'access_token', here), flipped.slice(9)))
      }
    }
  })
})

describe('a value that was moved', () => {
  const value = encryptValue(token, 'access_token', here)
  const { keys: _, ...direct } = here

  it.each<[string, string, EncryptionContext | undefined, string]>([
    ['another field', 'refresh_token', here, 'value_rejected'],
    ['another row', 'access_token', { ...here, integrationId: randomUUID() }, 'value_rejected'],
    ['another organization that has the same key', 'access_token', { ...here, organizationId: randomUUID() }, 'value_rejected'],
    ['another organization', 'access_token', { ...here, organizationId: randomUUID(), keys: [newDataKey()] }, 'key_unknown'],
    ['the row\'s earlier version', 'access_token', { ...here, version: 6 }, 'value_rejected'],
    ['the row\'s next version', 'access_token', { ...here, version: 8 }, 'value_rejected'],
    ['a row and organization that have changed places', 'access_token', { ...here, integrationId: here.organizationId, organizationId: here.integrationId }, 'value_rejected'],
    ['a process that has no data keys', 'access_token', direct, 'key_unknown'],
  ])('to %s does not open', (_place, field, context, code) => {
    expect(outcome(() => decryptValue(value, field, context), value)).toBe(code)
  })

  it('does not open under another key\'s name, or under none', () => {
    const body = value.slice(9)
    for (const id of [`${older.id}:`, '']) expect(outcome(() => decryptValue(id + body, 'access_token', { ...here, keys: [older] }), body)).toBe('value_rejected')
    expect(outcome(() => decryptValue(`deadbeef:${body}`, 'access_token', here), body)).toBe('key_unknown')
  })

  it('does not pass from the direct form to a data key\'s or back, even under one and the same key', () => {
    const same = newDataKey(root)
    const asDirect = encryptValue(token, 'access_token', direct)
    const asOwn = encryptValue(token, 'access_token', { ...here, keys: [same] })
    expect([keyIdOf(asDirect), keyIdOf(asOwn)]).toEqual([same.id, same.id])
    expect(outcome(() => decryptValue(asOwn, 'access_token', direct), asOwn)).toBe('value_rejected')
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    expect(outcome(() => decryptValue(asDirect, 'access_token', { ...here, keys: [same] }), asDirect)).toBe('value_rejected')
  })

  it('opens where it was made and nowhere else, whatever the places are', () => {
    const id = fc.constantFrom('a', 'b', 'a","b', '1', '["a"')
    const place = fc.record({ field: id, integrationId: id, organizationId: id, version: fc.integer({ min: 1, max: 3 }), key: fc.integer({ min: 0, max: 2 }) })
    const two = [own, older] as const
    // The third way: under ENCRYPTION_KEY itself, which binds no version.
    const contextOf = ({ integrationId, organizationId, version, key }: { integrationId: string, organizationId: string, version: number, key: number }): EncryptionContext =>
      ({ integrationId, organizationId, version, ...(key < 2 ? { keys: [two[key as 0 | 1]] } : {}) })
    fc.assert(fc.property(place, place, (from, to) => {
      const value = encryptValue(token, from.field, contextOf(from))
      const equal = (names: ('field' | 'integrationId' | 'organizationId' | 'version' | 'key')[]) => names.every(name => from[name] === to[name])
      // A direct value stays readable beside data keys: that is how they are taken over.
      const same = from.key === 2 ? equal(['field', 'integrationId', 'organizationId']) : equal(['field', 'integrationId', 'organizationId', 'version', 'key'])
      expect(outcome(() => decryptValue(value, to.field, contextOf(to)), value) === 'opened').toBe(same)
    }), { numRuns: 2_000 })
  })
})

describe('values of before there were data keys', () => {
  const row: EncryptionContext = { integrationId: here.integrationId, organizationId: here.organizationId }
  const config = { access_token: 'a', refresh_token: 'b', project_id: 'ref' }

  it('open beside data keys, named or not, in one row with new ones', () => {
    const old = encryptConfig(config, row)
    expect(decryptConfig(old, here)).toEqual(config)
    expect(decryptConfig({ ...old, refresh_token: old.refresh_token.slice(9) }, here)).toEqual(config)
    expect(decryptConfig({ ...old, access_token: encryptValue('new', 'access_token', here) }, here)).toEqual({ ...config, access_token: 'new' })
  })

  it('open under a previous ENCRYPTION_KEY', () => {
    const old = encryptConfig(config, row)
    useEncryptionKeys({ current: randomBytes(32).toString('base64'), previous: [root.toString('base64')] })
    expect(decryptConfig(old, here)).toEqual(config)
  })

  it('are never written where there is a data key', () => {
    const keys: DataKey[] = [own]
    for (const field of ['access_token', 'refresh_token'] as const) expect(keyIdOf(encryptConfig(config, { ...here, keys })[field])).toBe(own.id)
  })
})
