import type { Overview } from '#shared/api'

export function useOverview() {
  return useRead('overview', api => api<Overview>('/api/overview'))
}

/**
 * How many integrations wait for somebody, for the frame around every page. Under a key of its own: the overview draws
 * what was read for it, not what the frame read some pages ago.
 */
export function useActionCount() {
  const { session } = useSession()
  const { data } = useRead('action-count', async api => (await api<Overview>('/api/overview')).integrations.action_required, { immediate: !!session.value?.organization })
  return data
}
