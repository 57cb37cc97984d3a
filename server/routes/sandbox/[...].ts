import { sandboxFetch } from '#server/integrations/client'

/** The stand-ins' own pages and API, for browsers (SANDBOX=1). The connectors reach them without the network. */
export default defineEventHandler(async (event) => {
  const fetch = sandboxFetch()
  if (!fetch) throw createError({ statusCode: 404, statusMessage: 'The sandbox is off' })
  return sendWebResponse(event, await fetch(toWebRequest(event)))
})
