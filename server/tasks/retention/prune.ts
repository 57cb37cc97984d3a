import { pruneConnections } from '#server/integrations/pending-end'
import { pruneBuckets, pruneDeliveries, pruneEndings, pruneJournal, pruneKeys, pruneStates } from '#server/integrations/retention'
import { takesJobs, whenReady } from '#server/startup'

export default defineTask({
  meta: { name: 'retention:prune', description: 'Forgets what is no longer needed: used states of connections, connections that nobody confirmed, whose grants are ended, past ends of access, results of renewals, deliveries of providers, past windows of their limits, and empty data keys.' },
  async run() {
    await whenReady()
    return { result: takesJobs() ? { states: await pruneStates(), connections: await pruneConnections(), endings: await pruneEndings(), renewals: await pruneJournal(), deliveries: await pruneDeliveries(), limits: await pruneBuckets(), keys: await pruneKeys() } : 'this process takes no jobs' }
  },
})
