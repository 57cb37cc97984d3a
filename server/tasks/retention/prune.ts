import { pruneConnections } from '#server/integrations/pending-end'
import { pruneDeliveries, pruneEndings, pruneJournal, pruneKeys, pruneStates } from '#server/integrations/retention'
import { whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'retention:prune', description: 'Forgets what is no longer needed: used states of connections, connections that nobody confirmed, whose grants are ended, past ends of access, results of renewals, deliveries of providers, and empty data keys.' },
  async run() {
    await whenReady()
    return { result: env().worker ? { states: await pruneStates(), connections: await pruneConnections(), endings: await pruneEndings(), renewals: await pruneJournal(), deliveries: await pruneDeliveries(), keys: await pruneKeys() } : 'this process takes no jobs' }
  },
})
