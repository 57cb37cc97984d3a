import type { Overview } from '#shared/api'

export function useOverview() {
  return useRead('overview', api => api<Overview>('/api/overview'))
}
