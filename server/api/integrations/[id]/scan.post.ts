import { byUser, noteAudit } from '#server/audit'
import { defineRoute, idParams } from '#server/http/route'
import { requestScan } from '#server/scanner/request'

export default defineRoute({ access: 'admin', params: idParams, status: 202 }, async ({ who, params, info }) => {
  const assessmentId = await requestScan(who, params.id)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'scan.requested', target: { type: 'integration', id: params.id }, detail: { assessment_id: assessmentId }, from: info })
  return { assessment_id: assessmentId, status: 'queued' }
})
