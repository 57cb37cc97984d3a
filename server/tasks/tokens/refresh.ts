import { refreshDue } from '#server/integrations/refresh-due'
import { shutdownSignal, whenReady } from '#server/startup'
import { env } from '#server/utils/env'

export default defineTask({
  meta: { name: 'tokens:refresh', description: 'Renews credentials that are about to end, and tries those that never do.' },
  async run() {
    await whenReady()
    return { result: env().worker ? await refreshDue(shutdownSignal()) : 'this process takes no jobs' }
  },
})
