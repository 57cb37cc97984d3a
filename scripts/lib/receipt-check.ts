/** What a receipt proves, or which of its lines was altered. Pure: the keys are handed in. */
import { payloadSchema, receiptFormat, digestsSchema, signatureSchema, type ReceiptPayload } from '../../server/integrations/receipt-format.ts'
import { digestsOf, signedText } from '../../server/utils/canonical-json.ts'
import { verifySignature } from '../../server/utils/signing.ts'
import type { VerificationKey } from './verification-keys.ts'
import type { Located } from './located-json.ts'

export interface Fault { line: number, problem: string }
export interface Verdict { faults: Fault[], receipt: ReceiptPayload | null, kid: string | null }

/** One receipt, or those of a file that holds `{"receipts": [...]}`, as the end of an organization hands out. */
export function receiptsIn(root: Located): readonly Located[] {
  const list = root.fields.size === 1 ? root.fields.get('receipts') : undefined
  return list && Array.isArray(list.value) ? list.items : [root]
}

export function checkReceipt(root: Located, keys: readonly VerificationKey[]): Verdict {
  const refused = (...faults: Fault[]): Verdict => ({ faults, receipt: null, kid: null })
  const format = root.fields.get('format')
  if (format?.value !== receiptFormat) return refused({ line: format?.line ?? root.line, problem: `\`format\` is not ${receiptFormat}` })

  const [digestsField, signatureField] = [root.fields.get('digests'), root.fields.get('signature')]
  const [digests, signature] = [digestsSchema.safeParse(digestsField?.value), signatureSchema.safeParse(signatureField?.value)]
  // A key such as __proto__, which the schema passes over, is not signed either.
  if (!digests.success || Object.keys(digests.data).length !== digestsField?.fields.size) return refused(missingOrWrong(root, digestsField, 'digests'))
  if (!signature.success) return refused(missingOrWrong(root, signatureField, 'signature'))

  const { kid, value } = signature.data
  const line = signatureField?.line ?? root.line
  if (!keys.some(key => key.kid === kid)) return refused({ line, problem: `\`signature\` is by the key ${kid}, which is none of these` })
  const faults: Fault[] = []
  if (!verifySignature(keys, signedText(receiptFormat, digests.data), { kid, signature: value })) {
    faults.push({ line, problem: '`signature` was not made over these `digests`' })
  }
  faults.push(...checkFields(root, digestsField, digests.data))
  const payload = payloadSchema.safeParse(Object.fromEntries(Object.keys(digests.data).map(name => [name, root.fields.get(name)?.value])))
  if (!payload.success && faults.length === 0) faults.push({ line: root.line, problem: 'it is signed, but not a receipt that this version knows' })
  faults.sort((a, b) => a.line - b.line)
  return { faults, receipt: payload.success && faults.length === 0 ? payload.data : null, kid }
}

function missingOrWrong(root: Located, field: Located | undefined, name: string): Fault {
  return field ? { line: field.line, problem: `\`${name}\` is not what a receipt has there` } : { line: root.line, problem: `it has no \`${name}\`` }
}

function checkFields(root: Located, digestsField: Located | undefined, digests: Record<string, string>): Fault[] {
  const fields = [...root.fields].filter(([name]) => name !== 'digests' && name !== 'signature')
  const found = fields.flatMap(([name, field]): Fault[] => {
    if (!Object.hasOwn(digests, name)) return [{ line: field.line, problem: `\`${name}\` is not covered by the signature: it was added` }]
    return digestOf(field.value) === digests[name] ? [] : [{ line: field.line, problem: `\`${name}\` does not match the signature` }]
  })
  const lost = Object.keys(digests).filter(name => !root.fields.has(name))
    .map(name => ({ line: digestsField?.fields.get(name)?.line ?? root.line, problem: `\`${name}\` is signed here and was removed` }))
  return [...found, ...lost]
}

/** Null: no value of a receipt, such as half a surrogate pair. */
function digestOf(value: unknown): string | null {
  try {
    return digestsOf({ value }).value ?? null
  }
  catch {
    return null
  }
}
