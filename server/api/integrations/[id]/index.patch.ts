import { defineRoute, idParams } from '#server/http/route'
import { changeIntegration } from '#server/integrations/change'
import { integrationBody } from '#shared/requests'

export default defineRoute({ access: 'admin', params: idParams, body: integrationBody }, async ({ who, params, body, info }) =>
  changeIntegration(who, params.id, body, info))
