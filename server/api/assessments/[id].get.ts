import { defineRoute, idParams } from '#server/http/route'
import { getAssessment } from '#server/scanner/view'

export default defineRoute({ access: 'member', params: idParams }, async ({ who, params }) => getAssessment(who, params.id))
