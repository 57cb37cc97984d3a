import { z } from 'zod'
import { byUser, noteAudit } from '#server/audit'
import { defineRoute } from '#server/http/route'
import { changeResource } from '#server/integrations/view'
import { resourceBody } from '#shared/requests'

const params = z.strictObject({ id: z.uuid(), resource: z.uuid() })

export default defineRoute({ access: 'admin', params, body: resourceBody }, async ({ who, params, body, info }) => {
  const resource = await changeResource(who, params.id, params.resource, body.enabled)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'resource.changed', target: { type: 'integration', id: params.id }, detail: { resource: resource.external_id, enabled: body.enabled }, from: info })
  return resource
})
