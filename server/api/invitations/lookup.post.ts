import { lookupInvitation } from '#server/accounts/invitations'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'
import { tokenBody } from '#shared/requests'

export default defineRoute({ access: 'public', body: tokenBody }, async ({ body, info }) => {
  await countAttempt('token', info.ip)
  return lookupInvitation(body.token)
})
