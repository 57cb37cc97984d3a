import { scanDue } from '#server/scanner/due'
import { whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'scan:due', description: 'Claims the integrations that are due and queues their assessments.' },
  async run() {
    await whenReady()
    return { result: env().worker ? await scanDue() : 'this process takes no jobs' }
  },
})
