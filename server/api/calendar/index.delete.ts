import { defineRoute } from '#server/http/route'
import { revokeCalendar } from '#server/integrations/calendar'

export default defineRoute({ access: 'admin' }, async ({ who, info }) => {
  await revokeCalendar(who, info)
})
