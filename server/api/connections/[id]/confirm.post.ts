import { defineRoute, idParams } from '#server/http/route'
import { confirmConnection } from '#server/integrations/confirm'

export default defineRoute({ access: 'admin', params: idParams }, async ({ who, params, info }) =>
  ({ integration_id: await confirmConnection(who, params.id, info) }))
