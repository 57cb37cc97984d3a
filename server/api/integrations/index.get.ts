import { z } from 'zod'
import { defineRoute } from '#server/http/route'
import { listIntegrations } from '#server/integrations/view'
import { listQuery } from '#server/utils/list'
import { integrationStatuses } from '#shared/vocabulary'

const query = z.strictObject({ ...listQuery, status: z.enum(integrationStatuses).optional(), integration_type: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'is not the name of a provider').optional() })

export default defineRoute({ access: 'member', query }, async ({ who, query }) => listIntegrations(who, query))
