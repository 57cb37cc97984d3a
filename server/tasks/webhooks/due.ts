import { queueDeliveries, queueWebhookScans } from '#server/integrations/deliveries'
import { takesJobs, whenReady } from '#server/startup'

export default defineTask({
  meta: { name: 'webhooks:due', description: 'Queues deliveries of providers that wait to be applied, and the scans that they asked for.' },
  async run() {
    await whenReady()
    return { result: takesJobs() ? { deliveries: await queueDeliveries(), scans: await queueWebhookScans() } : 'this process takes no jobs' }
  },
})
