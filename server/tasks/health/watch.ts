import { queueAlerts } from '#server/integrations/alert-delivery'
import { markUnverified } from '#server/integrations/verification'
import { takesJobs, whenReady } from '#server/startup'

export default defineTask({
  meta: { name: 'health:watch', description: 'Takes the green from connections that nothing has verified as planned, and queues alerts.' },
  async run() {
    await whenReady()
    // Also where no jobs are taken: when those that take them are gone, this is what tells.
    return { result: { unverified: await markUnverified(), alerts: takesJobs() ? await queueAlerts() : 'this process takes no jobs' } }
  },
})
