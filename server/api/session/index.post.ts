import { signIn } from '#server/accounts/sign-in'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'
import { signInBody } from '#shared/requests'

export default defineRoute({ access: 'public', body: signInBody }, async ({ event, body, info }) => {
  await countAttempt('signInAddress', info.ip)
  await countAttempt('signIn', `${info.ip} ${body.email}`)
  return signIn(event, body.email, body.password, info)
})
