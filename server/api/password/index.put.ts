import { resetPassword } from '#server/accounts/password'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'
import { passwordBody } from '#shared/requests'

export default defineRoute({ access: 'public', body: passwordBody }, async ({ event, body, info }) => {
  await countAttempt('token', info.ip)
  return resetPassword(event, body.token_hash, body.password, info)
})
