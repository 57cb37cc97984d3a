import { defineRoute, idParams } from '#server/http/route'
import { getIntegration } from '#server/integrations/view'

export default defineRoute({ access: 'member', params: idParams }, async ({ who, params }) => getIntegration(who, params.id))
