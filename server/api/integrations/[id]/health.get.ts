import { defineRoute, idParams } from '#server/http/route'
import { healthReport } from '#server/integrations/health-report'

export default defineRoute({ access: 'member', params: idParams }, async ({ who, params }) => healthReport(who, params.id))
