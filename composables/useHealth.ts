import type { HealthAlertEntry, HealthReport } from '#shared/api'

/** One integration's state, forecast and timeline. */
export function useHealth(integrationId: string) {
  return useRead(`health:${integrationId}`, api => api<HealthReport>(`/api/integrations/${integrationId}/health`))
}

/** What changed for better or worse in the organization, newest first. */
export function useAlerts(limit: number) {
  return useList<HealthAlertEntry>(`alerts:${limit}`, '/api/alerts', () => ({ limit }))
}
