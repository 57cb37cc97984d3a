import { z } from 'zod'
import { setRole } from '#server/accounts/members'
import { byUser, noteAudit } from '#server/audit'
import { defineRoute } from '#server/http/route'
import { memberBody } from '#shared/requests'

export default defineRoute({ access: 'admin', params: z.strictObject({ user: z.uuid() }), body: memberBody }, async ({ who, params, body, info }) => {
  const member = await setRole(who, params.user, body.role)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'member.changed', target: { type: 'user', id: params.user }, detail: { role: body.role }, from: info })
  return member
})
