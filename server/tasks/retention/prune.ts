import { pruneJournal, pruneKeys, pruneStates } from '#server/integrations/retention'
import { whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'retention:prune', description: 'Forgets what is no longer needed: used states of connections, empty data keys, old refreshes.' },
  async run() {
    await whenReady()
    return { result: env().worker ? { states: await pruneStates(), keys: await pruneKeys(), refreshes: await pruneJournal() } : 'this process takes no jobs' }
  },
})
