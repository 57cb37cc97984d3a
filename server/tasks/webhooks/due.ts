import { queueDeliveries, queueWebhookScans } from '#server/integrations/deliveries'
import { whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'webhooks:due', description: 'Queues deliveries of providers that wait to be applied, and the scans that they asked for.' },
  async run() {
    await whenReady()
    return { result: env().worker ? { deliveries: await queueDeliveries(), scans: await queueWebhookScans() } : 'this process takes no jobs' }
  },
})
