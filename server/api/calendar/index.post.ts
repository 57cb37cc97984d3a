import { byUser, noteAudit } from '#server/audit'
import { defineRoute } from '#server/http/route'
import { makeCalendar } from '#server/integrations/calendar'

export default defineRoute({ access: 'admin', status: 201 }, async ({ who, info }) => {
  const calendar = await makeCalendar(who)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'calendar.created', target: { type: 'calendar', id: calendar.id }, from: info })
  return calendar
})
