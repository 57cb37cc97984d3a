/** A receipt as the app hands it out, of things that never were. */
import { payloadSchema, receiptFormat, type Receipt, type ReceiptPayload } from '#server/integrations/receipt-format'
import { digestsOf, signedText } from '#server/utils/canonical-json'
import { sign } from '#server/utils/signing'

const at = '2026-11-22T20:45:53.671Z'

export const payload: ReceiptPayload = payloadSchema.parse({
  format: receiptFormat,
  id: '0b6f6a1e-7f0a-4f53-9d3e-3a9d2a1f9c01',
  issuer: 'http://localhost:3000',
  organization: { id: '5f0e9b1c-1111-4222-8333-444455556666', name: 'Brüder & "Söhne"' },
  integration: { id: 'a1b2c3d4-1111-4222-8333-444455556666', type: 'example', name: 'Production', account: { id: 'acc-1', name: 'Acme' }, connected_at: '2026-01-01T00:00:00Z', sandbox: false },
  actor: { type: 'user', id: 'c0ffee00-1111-4222-8333-444455556666', email: 'a@example.com' },
  requested_at: at,
  tokens: [
    { slot: 'main', token: 'access_token', outcome: 'revoked', attempts: 1, at },
    { slot: 'main', token: 'refresh_token', outcome: 'failed', attempts: 3, at, reason: 'server_error', manual_url: 'https://provider.example/apps' },
  ],
  deleted: { credentials: 2, resources: 2, assessments: 1, results: 30, findings: 12, at },
  remains: ['this receipt'],
})

/** With the keys of this process. */
export function signed(fields: object = payload): Receipt {
  const digests = digestsOf(fields)
  const { kid, signature } = sign(signedText(receiptFormat, digests))
  return { ...payloadSchema.parse(fields), digests, signature: { alg: 'Ed25519', kid, value: signature } }
}
