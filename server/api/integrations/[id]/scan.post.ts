import { defineRoute, idParams } from '#server/http/route'
import { requestScan } from '#server/scanner/request'

export default defineRoute({ access: 'admin', params: idParams, status: 202 }, async ({ who, params, info }) =>
  ({ assessment_id: await requestScan(who, params.id, info), status: 'queued' }))
