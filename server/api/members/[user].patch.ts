import { z } from 'zod'
import { setRole } from '#server/accounts/members'
import { defineRoute } from '#server/http/route'
import { memberBody } from '#shared/requests'

export default defineRoute({ access: 'admin', params: z.strictObject({ user: z.uuid() }), body: memberBody }, async ({ who, params, body, info }) =>
  setRole(who, params.user, body.role, info))
