import { defineEventHandler, setResponseHeader, setResponseStatus } from 'h3'
import { health } from '#server/startup'

/** Open to everybody: says whether, never what. */
export default defineEventHandler(async (event) => {
  const answer = await health()
  setResponseHeader(event, 'cache-control', 'no-store')
  setResponseStatus(event, answer.status === 'ok' ? 200 : 503)
  return answer
})
