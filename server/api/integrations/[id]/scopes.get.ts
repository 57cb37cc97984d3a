import { defineRoute, idParams } from '#server/http/route'
import { getScopes } from '#server/integrations/view'

export default defineRoute({ access: 'member', params: idParams }, async ({ who, params }) => getScopes(who, params.id))
