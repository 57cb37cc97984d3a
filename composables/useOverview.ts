import type { Overview } from '#shared/api'

export function useOverview(options: { immediate?: boolean } = {}) {
  return useRead('overview', api => api<Overview>('/api/overview'), options)
}
