import { invite } from '#server/accounts/invitations'
import { defineRoute } from '#server/http/route'
import { invitationBody } from '#shared/requests'

export default defineRoute({ access: 'admin', body: invitationBody, status: 201 }, async ({ who, body, info }) => invite(who, body, info))
