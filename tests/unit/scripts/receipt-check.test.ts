/** Every way to alter a receipt, and the line that says so. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { digestsOf, signedText } from '#server/utils/canonical-json'
import { useEncryptionKeys } from '#server/utils/encryption'
import { printReceipt } from '#server/integrations/receipt'
import { receiptFormat, type Receipt } from '#server/integrations/receipt-format'
import { publicSigningKeys, sign, type PublicKey } from '#server/utils/signing'
import { JsonFault, parseLocated } from '../../../scripts/lib/located-json.ts'
import { checkReceipt, receiptsIn, type Verdict } from '../../../scripts/lib/receipt-check.ts'
import { payload, signed } from '../../support/receipts.ts'

const newKey = () => randomBytes(32).toString('base64')
let keys: PublicKey[]
let receipt: Receipt
let text: string

beforeAll(() => {
  useEncryptionKeys({ current: newKey() })
  keys = publicSigningKeys()
  receipt = signed()
  text = printReceipt(receipt)
})

const check = (altered: string | object): Verdict => checkReceipt(parseLocated(typeof altered === 'string' ? altered : `${JSON.stringify(altered, null, 2)}\n`), keys)
/** `14 deleted`, as a person counts lines. */
const lineOf = (printed: string, start: string) => printed.split('\n').findIndex(line => line.startsWith(start)) + 1
const said = ({ faults }: Verdict) => faults.map(({ line, problem }) => `${line}: ${problem}`)

describe('a genuine receipt', () => {
  it('is taken, and read', () => expect(check(text)).toEqual({ faults: [], receipt: payload, kid: receipt.signature.kid }))

  it('is one however it is laid out', () => {
    expect(said(check(JSON.stringify(receipt)))).toEqual([])
    expect(said(check(text.replaceAll('\n', '\r\n')))).toEqual([])
    expect(said(check(Object.fromEntries(Object.entries(receipt).reverse())))).toEqual([])
  })

  it('is found in a file of several', () => {
    expect(receiptsIn(parseLocated(text))).toHaveLength(1)
    const several = parseLocated(JSON.stringify({ receipts: [receipt, receipt] }, null, 2))
    expect(receiptsIn(several).map(one => said(checkReceipt(one, keys)))).toEqual([[], []])
  })
})

describe('an altered one', () => {
  it.each(Object.keys(payload).filter(name => name !== 'format'))('is refused with the line of `%s`', (name) => {
    const altered = { ...receipt, [name]: typeof Reflect.get(payload, name) === 'string' ? 'x' : { x: 1 } }
    const printed = `${JSON.stringify(altered, null, 2)}\n`
    expect(said(check(printed))).toEqual([`${lineOf(printed, `  "${name}"`)}: \`${name}\` does not match the signature`])
  })

  it('is refused for what changed within a field', () => {
    const altered = text.replace('"findings": 12', '"findings": 0')
    expect(said(check(altered))).toEqual([`${lineOf(text, '  "deleted"')}: \`deleted\` does not match the signature`])
    const outcome = text.replace('"outcome": "failed"', '"outcome": "revoked"')
    expect(said(check(outcome))).toEqual([`${lineOf(text, '  "tokens"')}: \`tokens\` does not match the signature`])
  })

  it('is refused when a field came, at the top or within', () => {
    const added = { ...receipt, approved_by: 'an auditor' }
    expect(said(check(added))).toEqual([`${lineOf(JSON.stringify(added, null, 2), '  "approved_by"')}: \`approved_by\` is not covered by the signature: it was added`])
    expect(said(check({ ...receipt, actor: { ...receipt.actor, role: 'owner' } }))).toEqual([expect.stringMatching(/^\d+: `actor` does not match the signature$/)])
    for (const place of ['"digests": {', '"signature": {', '"actor": {', '{\n  "format"']) {
      const altered = text.replace(place, place.endsWith('{') ? `${place} "__proto__": "${'0'.repeat(64)}",` : `{ "__proto__": 1,\n  "format"`)
      expect(altered).not.toBe(text)
      expect(check(altered).receipt, place).toBeNull()
    }
  })

  it('is refused when a field went', () => {
    const { tokens: _, ...rest } = receipt
    const printed = JSON.stringify(rest, null, 2)
    expect(said(check(printed))).toEqual([`${lineOf(printed, '    "tokens"')}: \`tokens\` is signed here and was removed`])
  })

  it.each(['format', 'digests', 'signature'] as const)('is refused without `%s`', (name) => {
    const { [name]: _, ...rest } = receipt
    expect(said(check(rest))).toEqual([expect.stringMatching(/^1: /)])
  })

  it('is refused with its digest made anew', () => {
    const deleted = { ...payload.deleted, findings: 0 }
    const altered = { ...receipt, deleted, digests: { ...receipt.digests, ...digestsOf({ deleted }) } }
    const printed = JSON.stringify(altered, null, 2)
    expect(said(check(printed))).toEqual([`${lineOf(printed, '  "signature"')}: \`signature\` was not made over these \`digests\``])
  })

  it('is refused with the signature of another receipt, with or without its digests', () => {
    const other = signed({ ...payload, requested_at: '2026-11-23T00:00:00Z' })
    expect(said(check({ ...receipt, signature: other.signature }))).toEqual([expect.stringContaining('`signature` was not made over these `digests`')])
    expect(said(check({ ...receipt, signature: other.signature, digests: other.digests }))).toEqual([expect.stringContaining('`requested_at` does not match the signature')])
  })

  it('is refused when somebody else signed it, by whatever name', () => {
    useEncryptionKeys({ current: newKey() })
    const forged = signed()
    expect(said(check(forged))).toEqual([expect.stringContaining(`is by the key ${forged.signature.kid}, which is none of these`)])
    expect(said(check({ ...forged, signature: { ...forged.signature, kid: receipt.signature.kid } }))).toEqual([expect.stringContaining('was not made over these')])
  })

  it('is refused when the key signed another kind of document, or none that we know', () => {
    const key = newKey()
    useEncryptionKeys({ current: key })
    const strange = { ...payload, tokens: 'all of them' }
    const digests = digestsOf(strange)
    const wrap = (format: string) => {
      const { kid, signature } = sign(signedText(format, digests))
      return checkReceipt(parseLocated(JSON.stringify({ ...strange, digests, signature: { alg: 'Ed25519', kid, value: signature } })), publicSigningKeys())
    }
    expect(said(wrap('allyship-audit-export/1'))).toEqual([expect.stringContaining('was not made over these')])
    expect(said(wrap(receiptFormat))).toEqual([expect.stringContaining('not a receipt that this version knows')])
  })

  it.each([['[]'], ['1'], ['null'], ['{}'], ['{"receipts": {}}'], ['{"format": "allyship-disconnect-receipt/2"}']])('is none at all: %s', (other) => {
    for (const root of receiptsIn(parseLocated(other))) expect(checkReceipt(root, keys)).toMatchObject({ receipt: null, faults: [{ line: 1 }] })
  })

  it('is refused wherever a byte is changed, unless the change says nothing', () => {
    const bytes = Buffer.from(text)
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const altered = Buffer.from(bytes)
      altered[at]! ^= mask
      expect(passes(altered) && !sameMeaning(altered)).toBe(false)
    }), { numRuns: 3_000 })
  })

  it('is refused wherever one bit is flipped, and wherever it is cut', () => {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes)
      altered[at]! ^= 1 << (at % 8)
      expect(passes(altered), `byte ${at}`).toBe(false)
    }
    for (let length = 0; length < bytes.length - 1; length++) expect(passes(bytes.subarray(0, length)), `${length} bytes`).toBe(false)
  })
})

function passes(bytes: Uint8Array): boolean {
  try {
    return check(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).faults.length === 0
  }
  catch (error) {
    if (error instanceof JsonFault || error instanceof TypeError) return false
    throw error
  }
}

function sameMeaning(bytes: Buffer): boolean {
  return JSON.stringify(JSON.parse(bytes.toString('utf8'))) === JSON.stringify(receipt)
}
