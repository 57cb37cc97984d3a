import { z } from 'zod'
import { defineRoute } from '#server/http/route'
import { listFindings } from '#server/scanner/view'
import { listQuery } from '#server/utils/list'
import { findingStatuses, severities } from '#shared/vocabulary'

const query = z.strictObject({
  ...listQuery,
  status: z.enum(findingStatuses).optional(),
  severity: z.enum(severities).optional(),
  integration_id: z.uuid().optional(),
})

export default defineRoute({ access: 'member', query }, async ({ who, query }) => listFindings(who, query))
