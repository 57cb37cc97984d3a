import type { ScopeReport } from '#shared/api'

/** What an integration's grant may do, and what rests on it. */
export function useScopes(integrationId: string) {
  return useRead(`scopes:${integrationId}`, api => api<ScopeReport>(`/api/integrations/${integrationId}/scopes`))
}
