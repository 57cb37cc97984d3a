import { listMembers } from '#server/accounts/members'
import { defineRoute } from '#server/http/route'

export default defineRoute({ access: 'member' }, async ({ who }) => ({ data: await listMembers(who), next_cursor: null }))
