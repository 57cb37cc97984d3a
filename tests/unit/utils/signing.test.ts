import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { useEncryptionKeys } from '#server/utils/encryption'
import { publicSigningKeys, sign, verifySignature } from '#server/utils/signing'

const newKey = () => randomBytes(32).toString('base64')
let first: string

beforeEach(() => {
  first = newKey()
  useEncryptionKeys({ current: first })
})

describe('a signature', () => {
  it('is good for its text and no other', () => {
    const signature = sign('a text')
    expect(verifySignature(publicSigningKeys(), 'a text', signature)).toBe(true)
    expect(verifySignature(publicSigningKeys(), 'a texT', signature)).toBe(false)
  })

  it('is refused with any bit flipped', () => {
    const { kid, signature } = sign('a text')
    const bytes = Buffer.from(signature, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Buffer.from(bytes)
      altered[bit >> 3]! ^= 1 << (bit & 7)
      expect(verifySignature(publicSigningKeys(), 'a text', { kid, signature: altered.toString('base64url') })).toBe(false)
    }
  })

  it('is refused in another spelling of the same bytes', () => {
    const { kid, signature } = sign('a text')
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = digits.indexOf(signature.at(-1) ?? '')
    const other = signature.slice(0, -1) + digits[last ^ 1]
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(signature, 'base64url'))
    expect(verifySignature(publicSigningKeys(), 'a text', { kid, signature: other })).toBe(false)
    expect(verifySignature(publicSigningKeys(), 'a text', { kid, signature: `${signature}=` })).toBe(false)
  })

  it('outlives a change of the key, while the old one is known', () => {
    const signature = sign('a text')
    useEncryptionKeys({ current: newKey(), previous: [first] })
    expect(sign('a text').kid).not.toBe(signature.kid)
    expect(verifySignature(publicSigningKeys(), 'a text', signature)).toBe(true)
    useEncryptionKeys({ current: newKey() })
    expect(verifySignature(publicSigningKeys(), 'a text', signature)).toBe(false)
  })

  it('is refused when a list of keys calls another key by its name', () => {
    const { kid } = sign('a text')
    useEncryptionKeys({ current: newKey() })
    const [other] = publicSigningKeys()
    expect(verifySignature([{ kid, x: other!.x }], 'a text', { kid, signature: sign('a text').signature })).toBe(false)
  })

  it.each(['', 'short', 'A'.repeat(87), '='.repeat(86)])('is refused when it is none: %j', (signature) => {
    expect(verifySignature(publicSigningKeys(), 'a text', { kid: publicSigningKeys()[0]!.kid, signature })).toBe(false)
  })
})
