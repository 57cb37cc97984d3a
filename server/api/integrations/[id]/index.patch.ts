import { byUser, noteAudit } from '#server/audit'
import { defineRoute, idParams } from '#server/http/route'
import { changeIntegration } from '#server/integrations/change'
import { integrationBody } from '#shared/requests'

export default defineRoute({ access: 'admin', params: idParams, body: integrationBody }, async ({ who, params, body, info }) => {
  const integration = await changeIntegration(who, params.id, body)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'integration.changed', target: { type: 'integration', id: params.id }, detail: body, from: info })
  return integration
})
