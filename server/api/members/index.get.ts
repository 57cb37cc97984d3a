import { z } from 'zod'
import { listMembers } from '#server/accounts/members'
import { defineRoute } from '#server/http/route'
import { listQuery } from '#server/utils/list'

export default defineRoute({ access: 'member', query: z.strictObject(listQuery) }, async ({ who, query }) => listMembers(who, query))
