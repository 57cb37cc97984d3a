import { refreshDue } from '#server/integrations/refresh-due'
import { shutdownSignal, takesJobs, whenReady } from '#server/startup'

export default defineTask({
  meta: { name: 'tokens:refresh', description: 'Renews credentials that are about to end, and tries those that never do.' },
  async run() {
    await whenReady()
    return { result: takesJobs() ? await refreshDue(shutdownSignal()) : 'this process takes no jobs' }
  },
})
