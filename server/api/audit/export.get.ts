import { Readable } from 'node:stream'
import { z } from 'zod'
import { exportAudit } from '#server/audit/export'
import { countAttempt } from '#server/http/rate-limit'
import { defineRoute } from '#server/http/route'
import { env } from '#server/utils/env'

const query = z.strictObject({ from_seq: z.coerce.number('must be a number').int().min(1).max(Number.MAX_SAFE_INTEGER).default(1) })

/** Streamed: an entry is read when the one before it has been taken. */
export default defineRoute({ access: 'admin', query }, async ({ event, who, query, info }) => {
  await countAttempt('audit', who.organizationId)
  const lines = await exportAudit(who, { fromSeq: query.from_seq, issuer: env().appUrl, from: info })
  setResponseHeader(event, 'content-type', 'application/jsonl; charset=utf-8')
  setResponseHeader(event, 'content-disposition', `attachment; filename="audit-${who.organizationId}-${new Date().toISOString().slice(0, 10)}.jsonl"`)
  return Readable.from(lines)
})
