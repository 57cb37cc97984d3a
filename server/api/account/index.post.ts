import { signUp } from '#server/accounts/sign-in'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'
import { accountBody } from '#shared/requests'

export default defineRoute({ access: 'public', body: accountBody, status: 201 }, async ({ event, body, info }) => {
  await countAttempt('signUp', info.ip)
  return signUp(event, body, info)
})
