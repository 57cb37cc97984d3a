import { switchOrganization } from '#server/accounts/organizations'
import { defineRoute } from '#server/http/route'
import { switchBody } from '#shared/requests'

export default defineRoute({ access: 'session', body: switchBody }, async ({ event, who, body }) =>
  switchOrganization(event, who, body.organization_id))
