import type { Assessment, Integration, IntegrationPatch } from '#shared/api'

export function useIntegration(id: string) {
  const api = useApi()
  const read = useRead(`integration:${id}`, api => api<Integration>(`/api/integrations/${id}`))

  let updates = 0

  /**
   * What a switch says is shown at once and taken back when the server refuses; what was typed waits for its answer.
   * Of several changes in quick succession only the last one's answer counts: it contains the others.
   */
  async function update(patch: IntegrationPatch) {
    const before = read.data.value
    if (!before) return
    const turn = ++updates
    const { enabled_checks = before.config.enabled_checks, status = before.status, scan_new_resources = before.scan_new_resources } = patch
    read.data.value = { ...before, status, scan_new_resources, config: { ...before.config, enabled_checks } }
    try {
      const after = await api<Integration>(`/api/integrations/${id}`, { method: 'PATCH', body: patch })
      if (turn === updates) read.data.value = after
    }
    catch (error) {
      if (turn === updates) read.data.value = before
      throw error
    }
  }

  /** The id of the queued assessment, or of the one that runs already. */
  async function scan(): Promise<string> {
    try {
      const { assessment_id } = await api<{ assessment_id: string }>(`/api/integrations/${id}/scan`, { method: 'POST' })
      return assessment_id
    }
    catch (error) {
      const { code, assessment_id } = problemOf(error)
      if (code === 'scan_in_progress' && assessment_id) return assessment_id
      throw error
    }
  }

  return { ...read, settled: read.then(() => undefined), integration: read.data, update, scan }
}

export function useAssessments(integrationId: string) {
  return useList<Assessment>(`assessments:${integrationId}`, '/api/assessments', () => ({ integration_id: integrationId, limit: 20 }))
}
