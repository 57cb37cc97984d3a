import { acceptInvitation } from '#server/accounts/invitations'
import { switchOrganization } from '#server/accounts/organizations'
import { defineRoute } from '#server/http/route'
import { tokenBody } from '#shared/requests'

export default defineRoute({ access: 'session', body: tokenBody }, async ({ event, who, body, info }) => {
  const organizationId = await acceptInvitation(who, body.token, info)
  return switchOrganization(event, who, organizationId)
})
