import { setResponseHeader } from 'h3'
import { defineRoute, idParams } from '#server/http/route'
import { removeIntegration } from '#server/integrations/remove'

// 204 has no body: what became of the grant at the provider stands in a header.
export default defineRoute({ access: 'admin', params: idParams }, async ({ event, who, params, info }) => {
  const { revocation, manualUrl } = await removeIntegration(who, params.id, info)
  const where = revocation === 'failed' && manualUrl ? `; url="${encodeURI(manualUrl)}"` : ''
  setResponseHeader(event, 'x-revocation', `${revocation}${where}`)
})
