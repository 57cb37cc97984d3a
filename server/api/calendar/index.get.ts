import { defineRoute } from '#server/http/route'
import { findCalendar } from '#server/integrations/calendar'

export default defineRoute({ access: 'admin' }, async ({ who }) => ({ calendar: await findCalendar(who) }))
