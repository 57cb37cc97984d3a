import { z } from 'zod'
import { listAudit } from '#server/audit/list'
import { defineRoute } from '#server/http/route'
import { listQuery } from '#server/utils/list'

const query = z.strictObject({ ...listQuery, integration_id: z.uuid().optional() })

export default defineRoute({ access: 'admin', query }, async ({ who, query }) => listAudit(who, query))
