import { z } from 'zod'
import { listInvitations } from '#server/accounts/invitations'
import { defineRoute } from '#server/http/route'
import { listQuery } from '#server/utils/list'

export default defineRoute({ access: 'admin', query: z.strictObject(listQuery) }, async ({ who, query }) => listInvitations(who, query))
