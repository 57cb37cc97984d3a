import type { AuditEntry, AuditVerdict } from '#shared/api'

/** For owners and admins; nobody else's page asks, and the server would refuse. */
export function useAudit(integrationId?: string) {
  const { canWrite } = useSession()
  return useList<AuditEntry>(`audit:${integrationId ?? 'all'}`, '/api/audit', () => ({ integration_id: integrationId, limit: 50 }), { immediate: canWrite.value })
}

/** Asks the server to go over the whole chain. Once, when the person wants it: it is an entry of the log itself. */
export function useAuditProof() {
  const api = useApi()
  const verdict = shallowRef<AuditVerdict | null>(null)
  const { submit, pending, problem } = useSubmit(async () => {
    verdict.value = null
    verdict.value = await api<AuditVerdict>('/api/audit/verify')
  })
  return { verify: submit, verifying: pending, problem, verdict }
}
