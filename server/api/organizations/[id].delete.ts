import { currentSession, organizationToDelete } from '#server/accounts/organizations'
import { defineRoute, idParams } from '#server/http/route'
import { deleteOrganization } from '#server/integrations/delete-organization'
import { organizationBody } from '#shared/requests'

export default defineRoute({ access: 'session', params: idParams, body: organizationBody }, async ({ event, who, params, body, info }) => {
  const { id } = await organizationToDelete(who, params.id, body.name)
  const receipts = await deleteOrganization({ ...who, organizationId: id }, info)
  // A browser that was in it is in another one, or in none.
  await currentSession(event, who)
  return { receipts }
})
