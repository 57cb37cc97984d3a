import { invite } from '#server/accounts/invitations'
import { byUser, noteAudit } from '#server/audit'
import { defineRoute } from '#server/http/route'
import { invitationBody } from '#shared/requests'

export default defineRoute({ access: 'admin', body: invitationBody, status: 201 }, async ({ who, body, info }) => {
  const invitation = await invite(who, body)
  await noteAudit({ organizationId: who.organizationId, actor: byUser(who), action: 'invitation.created', target: { type: 'invitation', id: invitation.id }, detail: body, from: info })
  return invitation
})
