import { scanDue } from '#server/scanner/due'
import { takesJobs, whenReady } from '#server/startup'

export default defineTask({
  meta: { name: 'scan:due', description: 'Claims the integrations that are due and queues their assessments.' },
  async run() {
    await whenReady()
    return { result: takesJobs() ? await scanDue() : 'this process takes no jobs' }
  },
})
