import { z } from 'zod'
import { changeMember } from '#server/accounts/members'
import { defineRoute } from '#server/http/route'

// `member`: anybody may leave; the database decides about everybody else.
export default defineRoute({ access: 'member', params: z.strictObject({ user: z.uuid() }) }, async ({ who, params, info }) => {
  await changeMember(who, params.user, null, info)
})
