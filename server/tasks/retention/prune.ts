import { pruneConnections } from '#server/integrations/pending'
import { pruneStates } from '#server/integrations/retention'
import { whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'retention:prune', description: 'Forgets what is no longer needed: used states of connections, and connections that nobody confirmed, whose grants are ended.' },
  async run() {
    await whenReady()
    return { result: env().worker ? { states: await pruneStates(), connections: await pruneConnections() } : 'this process takes no jobs' }
  },
})
