import { publishedKeys } from '#server/audit/signing-keys'
import { sendProblem } from '#server/http/route'

/** The public keys of exports and receipts (RFC 7517 section 5), for anybody who wants to check one. */
export default defineEventHandler(async (event) => {
  try {
    const keys = await publishedKeys()
    setResponseHeader(event, 'cache-control', 'public, max-age=300')
    await send(event, JSON.stringify({ keys }), 'application/jwk-set+json')
  }
  catch (error) {
    await sendProblem(event, error)
  }
})
