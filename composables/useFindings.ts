import type { Finding } from '#shared/api'

export interface FindingFilter { status?: string, severity?: string, integration_id?: string, limit?: number }

export function useFindings(filter: () => FindingFilter) {
  return useList<Finding>(() => `findings:${JSON.stringify(filter())}`, '/api/findings', () => ({ ...filter() }))
}
