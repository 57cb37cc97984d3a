import { z } from 'zod'
import { defineRoute } from '#server/http/route'
import { listReceipts } from '#server/integrations/receipts'
import { listQuery } from '#server/utils/list'

export default defineRoute({ access: 'admin', query: z.strictObject(listQuery) }, async ({ who, query }) => listReceipts(who, query))
