import { signOut } from '#server/accounts/sign-in'
import { defineRoute } from '#server/http/route'

// Public: a browser whose session is gone already may still tidy up its cookies.
export default defineRoute({ access: 'public' }, async ({ event, info }) => signOut(event, info))
