import { z } from 'zod'
import { withdrawInvitation } from '#server/accounts/invitations'
import { defineRoute } from '#server/http/route'

export default defineRoute({ access: 'admin', params: z.strictObject({ id: z.uuid() }) }, async ({ who, params, info }) => withdrawInvitation(who, params.id, info))
