import { allConnectors } from '#server/connectors/registry'
import { defineRoute } from '#server/http/route'
import { viewProvider } from '#server/integrations/providers'

export default defineRoute({ access: 'session' }, async () => ({ data: allConnectors().map(viewProvider), next_cursor: null }))
