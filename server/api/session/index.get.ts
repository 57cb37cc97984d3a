import { viewSession } from '#server/accounts/organizations'
import { defineRoute } from '#server/http/route'

export default defineRoute({ access: 'session' }, async ({ who }) => viewSession(who))
