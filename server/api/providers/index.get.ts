import { z } from 'zod'
import { allConnectors } from '#server/connectors/registry'
import { defineRoute } from '#server/http/route'
import { viewProvider } from '#server/integrations/providers'
import { listQuery } from '#server/utils/list'

// A short list, written down in the code: one page.
export default defineRoute({ access: 'session', query: z.strictObject(listQuery) }, async () => ({ data: allConnectors().map(viewProvider), next_cursor: null }))
