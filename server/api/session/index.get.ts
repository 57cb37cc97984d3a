import { currentSession } from '#server/accounts/organizations'
import { defineRoute } from '#server/http/route'

export default defineRoute({ access: 'session' }, async ({ event, who }) => currentSession(event, who))
