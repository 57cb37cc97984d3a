import { z } from 'zod'
import { defineRoute } from '#server/http/route'
import { listAssessments } from '#server/scanner/view'
import { listQuery } from '#server/utils/list'
import { assessmentStatuses } from '#shared/vocabulary'

const query = z.strictObject({ ...listQuery, integration_id: z.uuid().optional(), status: z.enum(assessmentStatuses).optional() })

export default defineRoute({ access: 'member', query }, async ({ who, query }) => listAssessments(who, query))
