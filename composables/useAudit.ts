import type { AuditEntry } from '#shared/api'

/** For owners and admins; nobody else's page asks, and the server would refuse. */
export function useAudit(integrationId?: string) {
  const { canWrite } = useSession()
  return useList<AuditEntry>(`audit:${integrationId ?? 'all'}`, '/api/audit', () => ({ integration_id: integrationId, limit: 50 }), { immediate: canWrite.value })
}
