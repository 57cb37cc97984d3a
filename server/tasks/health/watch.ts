import { queueAlerts } from '#server/integrations/alert-delivery'
import { markUnverified } from '#server/integrations/verification'
import { whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'health:watch', description: 'Takes the green from connections that nothing has verified for days, and queues alerts.' },
  async run() {
    await whenReady()
    return { result: env().worker ? { unverified: await markUnverified(), alerts: await queueAlerts() } : 'this process takes no jobs' }
  },
})
