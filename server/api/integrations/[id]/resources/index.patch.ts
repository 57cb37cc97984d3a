import { defineRoute, idParams } from '#server/http/route'
import { changeResources } from '#server/integrations/view'
import { resourcesBody } from '#shared/requests'

export default defineRoute({ access: 'admin', params: idParams, body: resourcesBody }, async ({ who, params, body, info }) =>
  changeResources(who, params.id, body, info))
