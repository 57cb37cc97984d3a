/** What a genuine receipt proves, for a person. */
import type { ReceiptPayload } from '../../server/integrations/receipt-format.ts'

const outcomes: Record<ReceiptPayload['tokens'][number]['outcome'], string> = {
  revoked: 'revoked at the provider',
  already_gone: 'was gone at the provider already',
  not_supported: 'not revoked: the provider offers no way to end it by itself',
  failed: 'NOT revoked',
}

function tokenLine({ slot, token, outcome, attempts, at, reason, manual_url }: ReceiptPayload['tokens'][number]): string {
  const calls = attempts === 1 ? '1 call' : `${attempts} calls`
  return `    ${slot} ${token}: ${outcomes[outcome]}${reason ? ` (${reason})` : ''}, ${at}, ${calls}${manual_url ? `; by hand: ${manual_url}` : ''}`
}

export function describeReceipt(receipt: ReceiptPayload, signer: { kid: string, source: string }): string {
  const { integration, organization, actor, deleted: { at, ...counts } } = receipt
  const rows: [string, string][] = [
    ['What', `${integration.name} (${integration.type}${integration.sandbox ? ', in the sandbox: a local stand-in, no real provider' : ''}), account ${integration.account.name} (${integration.account.id}), connected ${integration.connected_at}`],
    ['Of', `organization ${organization.name} (${organization.id})`],
    ['By', `${actor.email} (${actor.id}), who asked for it at ${receipt.requested_at}`],
    ['Deleted', `${Object.entries(counts).map(([what, count]) => `${count} ${what}`).join(', ')} at ${at}`],
    ['Remains', receipt.remains.join('; ')],
    ['Issuer', receipt.issuer],
    ['Signed by', `the key ${signer.kid}, which came from ${signer.source}`],
  ]
  return [
    `Receipt ${receipt.id} is genuine: nothing in it was altered since it was signed.`,
    ...rows.map(([name, text]) => `  ${name.padEnd(10)}${text}`),
    '  Tokens',
    ...receipt.tokens.map(tokenLine),
    '',
  ].join('\n')
}
