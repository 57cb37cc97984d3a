import { createOrganization, switchOrganization } from '#server/accounts/organizations'
import { defineRoute } from '#server/http/route'
import { organizationBody } from '#shared/requests'

export default defineRoute({ access: 'session', body: organizationBody, status: 201 }, async ({ event, who, body, info }) => {
  const organizationId = await createOrganization(who, body.name, info)
  return switchOrganization(event, who, organizationId)
})
