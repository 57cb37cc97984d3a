import { defineRoute, idParams } from '#server/http/route'
import { viewConnection } from '#server/integrations/confirm'

export default defineRoute({ access: 'admin', params: idParams }, async ({ who, params }) => viewConnection(who, params.id))
