import { defineRoute } from '#server/http/route'
import { makeCalendar } from '#server/integrations/calendar'

export default defineRoute({ access: 'admin', status: 201 }, async ({ who, info }) => makeCalendar(who, info))
