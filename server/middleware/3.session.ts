import { readSession } from '#server/accounts/session'

/**
 * Before a page is rendered: a session that is about to end is renewed here, where the new cookies reach the browser.
 * The calls that the page makes to our own API while it is rendered could not set any.
 */
export default defineEventHandler(async (event) => {
  if (event.path.startsWith('/api/') || !getRequestHeader(event, 'accept')?.includes('text/html')) return
  await readSession(event)
})
