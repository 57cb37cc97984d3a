import { z } from 'zod'
import { defineRoute } from '#server/http/route'
import { changeResource } from '#server/integrations/view'
import { resourceBody } from '#shared/requests'

const params = z.strictObject({ id: z.uuid(), resource: z.uuid() })

export default defineRoute({ access: 'admin', params, body: resourceBody }, async ({ who, params, body, info }) =>
  changeResource(who, params.id, params.resource, body.enabled, info))
