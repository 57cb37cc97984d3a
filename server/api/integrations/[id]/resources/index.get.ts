import { z } from 'zod'
import { defineRoute, idParams } from '#server/http/route'
import { listResources } from '#server/integrations/view'
import { textListQuery } from '#server/utils/list'
import { resourceQuery } from '#shared/requests'

export default defineRoute({ access: 'member', params: idParams, query: z.strictObject({ ...textListQuery, ...resourceQuery }) }, async ({ who, params, query }) =>
  listResources(who, params.id, query))
