import { setResponseHeader } from 'h3'
import { z } from 'zod'
import { requireMetricsToken } from '#server/http/metrics-token'
import { defineRoute } from '#server/http/route'
import { collectMetrics } from '#server/utils/metrics'

/** For Prometheus, with a token of its own: no person's session opens it. */
export default defineRoute({ access: 'public', query: z.looseObject({}) }, async ({ event }) => {
  requireMetricsToken(event)
  const { type, text } = await collectMetrics()
  setResponseHeader(event, 'content-type', type)
  return text
})
