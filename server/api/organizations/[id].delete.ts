import { confirmByName, currentSession } from '#server/accounts/organizations'
import { requireSession } from '#server/accounts/session'
import { defineRoute, idParams } from '#server/http/route'
import { deleteOrganization } from '#server/integrations/delete-organization'
import { organizationBody } from '#shared/requests'

export default defineRoute({ access: 'owner', params: idParams, body: organizationBody }, async ({ event, who, body, info }) => {
  await confirmByName(who, body.name)
  const receipts = await deleteOrganization(who, info)
  // A browser that was in it is in another one, or in none.
  await currentSession(event, await requireSession(event))
  return { receipts }
})
