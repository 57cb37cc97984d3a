/** Data keys under ENCRYPTION_KEY: their wraps, and that they open in one place only. With a KMS: tests/integration/kms.test.ts. */
import { randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { currentKekId, forgetDataKeys, newDataKey, openDataKey, rewrap, type WrappedKey } from '#server/utils/data-key'
import { currentKeyId, decryptValue, EncryptionError, encryptValue, keyIdOf, useEncryptionKeys } from '#server/utils/encryption'
import { loadEnv } from '#server/utils/env'

const organization = randomUUID()
let kek = ''

beforeEach(() => {
  vi.stubEnv('ENCRYPTION_KMS_KEY_ID', '')
  loadEnv()
  kek = randomBytes(32).toString('base64')
  useEncryptionKeys({ current: kek })
  forgetDataKeys()
})

/** `opened`, or the error's code; its message may name neither a key nor a wrap. */
async function outcome(wrap: WrappedKey, organizationId = organization): Promise<string> {
  try {
    await openDataKey(wrap, organizationId)
    return 'opened'
  }
  catch (error) {
    if (!(error instanceof EncryptionError)) throw error
    for (const secret of [kek, wrap.wrapped, wrap.wrapped.slice(9)]) expect(`${error.message}${error.stack}`).not.toContain(secret)
    return error.code
  }
}

describe('a data key', () => {
  it('is wrapped in the documented form, under the key of now, and opens to the same key', async () => {
    const made = await newDataKey(organization)
    expect(made.wrapped).toMatch(/^[0-9a-f]{8}:[\w-]{16}\.[\w-]{22}\.[\w-]+$/)
    expect([keyIdOf(made.wrapped), made.kekId, await currentKekId()]).toEqual([currentKeyId(), currentKeyId(), currentKeyId()])
    const key = await openDataKey(made, organization)
    expect(key.id).toBe(made.keyId)
    expect(key.secret.symmetricKeySize).toBe(32)
    expect(made.wrapped).not.toContain(key.secret.export().toString('base64url'))
    expect((await openDataKey(made, organization)).secret.equals(key.secret)).toBe(true)
  })

  it('is another one for each organization, and each time', async () => {
    const keys = await Promise.all(Array.from({ length: 50 }, () => newDataKey(organization)))
    expect(new Set(keys.map(key => key.keyId)).size).toBe(50)
  })

  it('opens under a previous key, and is then wrapped anew without being changed', async () => {
    const made = await newDataKey(organization)
    const { secret } = await openDataKey(made, organization)
    useEncryptionKeys({ current: randomBytes(32).toString('base64'), previous: [kek] })
    forgetDataKeys()
    const anew = await rewrap(made, organization)
    expect([anew.keyId, anew.kekId, keyIdOf(anew.wrapped)]).toEqual([made.keyId, currentKeyId(), currentKeyId()])
    expect((await openDataKey(anew, organization)).secret.equals(secret)).toBe(true)
    expect((await openDataKey(made, organization)).secret.equals(secret)).toBe(true)
  })

  it('does not open without its key-encryption key', async () => {
    const made = await newDataKey(organization)
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    expect(await outcome(made)).toBe('key_unknown')
    // Under the right name, and still not the right key.
    expect(await outcome({ ...made, wrapped: currentKeyId() + made.wrapped.slice(8) })).toBe('value_rejected')
  })

  it('does not open in another organization, or under another key\'s name', async () => {
    const [made, other] = [await newDataKey(organization), await newDataKey(organization)]
    expect(await outcome(made, randomUUID())).toBe('value_rejected')
    expect(await outcome({ ...made, keyId: other.keyId })).toBe('value_rejected')
    expect(await outcome({ ...made, wrapped: other.wrapped })).toBe('value_rejected')
    await expect(rewrap(made, randomUUID())).rejects.toMatchObject({ code: 'value_rejected' })
  })

  it('is not an integration\'s value, nor the other way round', async () => {
    const made = await newDataKey(organization)
    const place = { integrationId: made.keyId, organizationId: organization }
    expect(() => decryptValue(made.wrapped, 'access_token', place)).toThrow(EncryptionError)
    expect(await outcome({ ...made, wrapped: encryptValue(randomBytes(32).toString('base64'), 'access_token', place) })).toBe('value_rejected')
  })

  it('is refused when the wrap opens to another key than the row names', async () => {
    const made = await newDataKey(organization)
    const forged = encryptValue(randomBytes(32).toString('base64'), 'organization_key', { integrationId: made.keyId, organizationId: organization })
    expect(await outcome({ ...made, wrapped: forged })).toBe('value_rejected')
  })

  it('does not open with any bit of its wrap flipped', async () => {
    const made = await newDataKey(organization)
    for (let index = 0; index < made.wrapped.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const letter = String.fromCharCode(made.wrapped.charCodeAt(index) ^ (1 << bit))
        expect(await outcome({ ...made, wrapped: made.wrapped.slice(0, index) + letter + made.wrapped.slice(index + 1) })).not.toBe('opened')
      }
    }
  })

  it('does not open with any of its bytes changed', async () => {
    const made = await newDataKey(organization)
    const [id, body = ''] = made.wrapped.split(':')
    const all = Buffer.concat(body.split('.').map(part => Buffer.from(part, 'base64url')))
    await fc.assert(fc.asyncProperty(fc.nat({ max: all.length - 1 }), fc.integer({ min: 1, max: 255 }), async (position, change) => {
      const bytes = Buffer.from(all)
      bytes[position] = (bytes[position] ?? 0) ^ change
      const parts = [bytes.subarray(0, 12), bytes.subarray(12, 28), bytes.subarray(28)].map(part => part.toString('base64url'))
      expect(await outcome({ ...made, wrapped: `${id}:${parts.join('.')}` })).toBe('value_rejected')
    }))
  })

  it('that did not open is tried again: a failure is not remembered', async () => {
    const made = await newDataKey(organization)
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    expect(await outcome(made)).toBe('key_unknown')
    useEncryptionKeys({ current: kek })
    expect(await outcome(made)).toBe('opened')
  })
})
