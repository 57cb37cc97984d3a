/** Assessments as a browser sees them. */
import { expectStatus, type ApiClient } from './client.ts'
import { sumOf } from './findings.ts'
import { until, type UntilOptions } from './until.ts'

export interface AssessmentBody {
  id: string
  integration_id: string
  trigger: string
  status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled'
  progress: { done: number, total: number }
  score: number | null
  counts: { pass: number, fail: number, error: number, not_applicable: number }
  error: { code: string, message: string } | null
  finished_at: string | null
  results: { check_id: string, resource_id: string, verdict: string, summary: string, evidence: Record<string, unknown> }[]
}

export interface List<T> { data: T[], next_cursor: string | null }

/** The id in the address at which connecting ends. @throws when it ended in an error */
export function connectedId(location: string): string {
  const id = /^\/integrations\/([0-9a-f-]{36})$/.exec(location)?.[1]
  if (!id) throw new Error(`Connecting ended at ${location}`)
  return id
}

export async function assessmentsOf(client: ApiClient, integrationId: string): Promise<AssessmentBody[]> {
  return expectStatus(await client.get<List<AssessmentBody>>(`/api/assessments?integration_id=${integrationId}&limit=200`), 200).data
}

export async function readAssessment(client: ApiClient, id: string): Promise<AssessmentBody> {
  return expectStatus(await client.get<AssessmentBody>(`/api/assessments/${id}`), 200)
}

/** Waits for the end of an assessment, and that it is never shown as whole before it is. */
export async function assessed(client: ApiClient, id: string, options: UntilOptions = {}): Promise<AssessmentBody> {
  return until(async () => {
    const assessment = await readAssessment(client, id)
    const torn = tear(assessment)
    if (torn) throw new Error(torn)
    return ['queued', 'running'].includes(assessment.status) ? null : assessment
  }, { timeoutMs: 40_000, intervalMs: 50, what: `assessment ${id} to end`, ...options })
}

/** What is wrong with an assessment that shows more or less than it has, or null. */
export function tear({ id, status, results, counts, progress }: AssessmentBody): string | null {
  const whole = status === 'completed' && results.length === progress.total && progress.done === progress.total && sumOf({ counts }) === progress.total
  const open = status !== 'completed' && results.length === 0 && sumOf({ counts }) === 0
  return whole || open ? null : `Assessment ${id} is ${status} with ${results.length} results of ${progress.done}/${progress.total}, counted ${sumOf({ counts })}`
}

/** Asks for a scan. @returns the assessment's id */
export async function requestScan(client: ApiClient, integrationId: string): Promise<string> {
  return expectStatus(await client.post<{ assessment_id: string }>(`/api/integrations/${integrationId}/scan`), 202).assessment_id
}

/** The newest assessment of an integration, at its end. */
export async function firstAssessment(client: ApiClient, integrationId: string): Promise<AssessmentBody> {
  const [newest] = await assessmentsOf(client, integrationId)
  if (!newest) throw new Error('There is no assessment')
  return assessed(client, newest.id)
}
