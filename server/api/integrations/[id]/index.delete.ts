import { setResponseHeader } from 'h3'
import { defineRoute, idParams } from '#server/http/route'
import { removeIntegration } from '#server/integrations/remove'

// 204 has no body: what became of the grant at the provider, and where the receipt is, stand in headers.
export default defineRoute({ access: 'admin', params: idParams }, async ({ event, who, params, info }) => {
  const { revocation, manualUrl, receiptId } = await removeIntegration(who, params.id, info)
  const where = revocation === 'failed' && manualUrl ? `; url="${new URL(manualUrl).href}"` : ''
  setResponseHeader(event, 'x-revocation', `${revocation}${where}`)
  setResponseHeader(event, 'x-receipt', `/api/receipts/${receiptId}`)
})
