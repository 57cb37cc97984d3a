import { verifyAudit } from '#server/audit/verify'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'

export default defineRoute({ access: 'admin' }, async ({ who, info }) => {
  await countAttempt('audit', who.organizationId)
  return verifyAudit(who, info)
})
