import { requestPasswordReset } from '#server/accounts/password'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'
import { resetBody } from '#shared/requests'

export default defineRoute({ access: 'public', body: resetBody, status: 202 }, async ({ body, info }) => {
  await countAttempt('signIn', `${info.ip} ${body.email}`)
  await requestPasswordReset(body.email)
  return { status: 'accepted' }
})
