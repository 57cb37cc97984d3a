import { defineRoute, idParams } from '#server/http/route'
import { cancelConnection } from '#server/integrations/pending-end'

export default defineRoute({ access: 'admin', params: idParams }, async ({ who, params, info }) => cancelConnection(who, params.id, info))
