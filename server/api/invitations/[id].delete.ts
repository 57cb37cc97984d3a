import { z } from 'zod'
import { withdrawInvitation } from '#server/accounts/invitations'
import { byUser, noteAudit } from '#server/audit'
import { defineRoute } from '#server/http/route'

export default defineRoute({ access: 'admin', params: z.strictObject({ id: z.uuid() }) }, async ({ who, params, info }) => {
  await withdrawInvitation(who, params.id)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'invitation.withdrawn', target: { type: 'invitation', id: params.id }, from: info })
})
