import { setResponseHeader } from 'h3'
import { z } from 'zod'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'
import { readCalendar } from '#server/integrations/calendar'

/** `<token>.ics`; what cannot be one is as unknown as any other. */
const params = z.strictObject({ file: z.string() })
/** Calendar services add parameters of their own, to get past caches. */
const query = z.looseObject({})

export default defineRoute({ access: 'public', params, query }, async ({ event, params, info }) => {
  await countAttempt('calendar', info.ip)
  const file = await readCalendar(params.file)
  setResponseHeader(event, 'content-type', 'text/calendar; charset=utf-8')
  setResponseHeader(event, 'cache-control', 'private, max-age=300')
  return file
})
