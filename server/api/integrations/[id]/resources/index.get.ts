import { z } from 'zod'
import { defineRoute, idParams } from '#server/http/route'
import { listResources } from '#server/integrations/view'
import { listQuery } from '#server/utils/list'

export default defineRoute({ access: 'member', params: idParams, query: z.strictObject(listQuery) }, async ({ who, params, query }) =>
  listResources(who, params.id, query))
