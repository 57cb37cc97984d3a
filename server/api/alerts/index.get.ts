import { z } from 'zod'
import { defineRoute } from '#server/http/route'
import { listAlerts } from '#server/integrations/alerts'
import { listQuery } from '#server/utils/list'

export default defineRoute({ access: 'member', query: z.strictObject(listQuery) }, async ({ who, query }) => listAlerts(who, query))
