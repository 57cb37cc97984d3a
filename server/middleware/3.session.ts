import { currentSession } from '#server/accounts/organizations'
import { readSession } from '#server/accounts/session'
import { log } from '#server/utils/log'

/**
 * Before a page is rendered: a session that is about to end is renewed here, and an organization that is lost forgotten,
 * where the new cookies reach the browser. The calls that the page makes to our own API while it is rendered could not
 * set any.
 */
export default defineEventHandler(async (event) => {
  if (event.path.startsWith('/api/') || !getRequestHeader(event, 'accept')?.includes('text/html')) return
  try {
    const session = await readSession(event)
    if (session?.organizationId) await currentSession(event, session)
  }
  catch (error) {
    // The page's own calls meet the same, and the page says so.
    log.warn('session could not be read for a page', { error })
  }
})
