import { queueAlerts } from '#server/integrations/alert-delivery'
import { markUnverified } from '#server/integrations/verification'
import { whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'health:watch', description: 'Takes the green from connections that nothing has verified as planned, and queues alerts.' },
  async run() {
    await whenReady()
    // Also where no jobs are taken: when those that take them are gone, this is what tells.
    return { result: { unverified: await markUnverified(), alerts: env().worker ? await queueAlerts() : 'this process takes no jobs' } }
  },
})
