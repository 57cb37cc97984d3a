import { setResponseHeader } from 'h3'
import { defineRoute, idParams } from '#server/http/route'
import { removeIntegration } from '#server/integrations/remove'

// 204 has no body: what became of the grant at the provider, and where the receipt is, stand in headers.
export default defineRoute({ access: 'admin', params: idParams }, async ({ event, who, params, info }) => {
  const { revocation, reason, manualUrl, receiptId } = await removeIntegration(who, params.id, info)
  const byHand = (revocation === 'failed' || revocation === 'not_supported') && manualUrl !== null
  const why = revocation === 'not_supported' && reason !== null ? `; reason="${reason}"` : ''
  setResponseHeader(event, 'x-revocation', `${revocation}${why}${byHand ? `; url="${new URL(manualUrl).href}"` : ''}`)
  setResponseHeader(event, 'x-receipt', `/api/receipts/${receiptId}`)
})
