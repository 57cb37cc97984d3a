import { listInvitations } from '#server/accounts/invitations'
import { defineRoute } from '#server/http/route'

export default defineRoute({ access: 'admin' }, async ({ who }) => ({ data: await listInvitations(who), next_cursor: null }))
