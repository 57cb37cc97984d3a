import { byUser, noteAudit } from '#server/audit'
import { defineRoute } from '#server/http/route'
import { revokeCalendar } from '#server/integrations/calendar'

export default defineRoute({ access: 'admin' }, async ({ who, info }) => {
  const id = await revokeCalendar(who)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'calendar.revoked', target: { type: 'calendar', id }, from: info })
})
