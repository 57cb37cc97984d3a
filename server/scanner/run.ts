/**
 * Runs one assessment: claims it, lists the resources anew, runs the enabled checks on the enabled ones, and stores
 * results, findings and score in one call. Until then nothing of it shows but its progress, so that half an assessment
 * is never taken for a whole one, and a worker that dies is simply replaced: the checks only read.
 */
import { randomUUID } from 'node:crypto'
import { auditRow, type AuditAction } from '#server/audit'
import type { ApiReader, Check, ResourceDescription } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError, ProviderError } from '#server/errors'
import { withApi } from '#server/integrations/credentials'
import { CredentialError } from '#server/integrations/credential-error'
import { resourceRows } from '#server/integrations/resources'
import { readRow, type IntegrationRow } from '#server/integrations/row'
import { EncryptionError, type EncryptionErrorCode } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { countScan } from '#server/utils/metrics'
import { openCrossStep } from './cross'
import { evaluate, sharedReader } from './evaluate'
import { Lease } from './lease'
import { forEachLimited } from './limit'
import { planScan, type Plan } from './plan'
import { enabledTargets } from './targets'

/** Calls to a provider at once, per assessment. */
const CONCURRENCY = 4
const worker = { type: 'worker', id: null, email: null } as const

interface Claimed { id: string, integration_id: string, organization_id: string }
interface Result { resource_id: string, check_id: string, verdict: string, severity: string, category: string, summary: string, evidence: Record<string, never> | object, checked_at: string }

/** @param signal aborted at shutdown: the assessment goes back to the queue */
export async function runAssessment(assessmentId: string, signal: AbortSignal): Promise<void> {
  const owner = randomUUID()
  const [claimed] = unwrap(await serviceClient().rpc('start_assessment', { p_id: assessmentId, p_owner: owner, p_seconds: Lease.seconds }))
  if (!claimed) return // finished, removed, or in another worker's hands
  const lease = new Lease(claimed.id, owner, signal)
  try {
    await scan(claimed, lease)
  }
  catch (error) {
    if (signal.aborted) return void await lease.release()
    if (lease.signal.aborted) return // removed meanwhile, or taken over
    await fail(claimed, lease, error)
  }
  finally {
    lease.stop()
  }
}

async function scan(claimed: Claimed, lease: Lease): Promise<void> {
  const plan = planScan(await readRow(claimed.integration_id))
  const use = { integrationId: claimed.integration_id, purpose: 'scan', actor: worker, detail: { assessment_id: claimed.id, ...plan.purpose } }
  let results: Result[]
  try {
    results = await withApi(use, lease.signal, async (api, row) => runChecks(row, plan, await relist(api, row), lease))
  }
  catch (error) {
    // Will pass: like a provider that is down, this costs each check an `error`, and no finding changes.
    if (!(error instanceof CredentialError) || error.failure === 'dead_grant') throw error
    results = await runChecks(await readRow(claimed.integration_id), plan, refusing(new ProviderError('unreachable', 'credential renewal', { cause: error })), lease)
  }
  const counts = Object.groupBy(results, result => result.verdict)
  const detail = Object.fromEntries(Object.entries(counts).map(([verdict, list]) => [verdict, list?.length ?? 0]))
  if (await lease.complete(results, entry(claimed, 'scan.completed', detail))) countScan('completed')
}

/**
 * What the grant reaches changes without a word from the provider. When the list can't be had, the known resources are
 * asked all the same: each check then says for itself what it could not verify.
 */
async function relist(api: ApiReader, row: IntegrationRow): Promise<ApiReader> {
  const missing = planScan(row).missing(row.connector.discovery)
  if (missing.length > 0) {
    log.warn('resources may not be listed', { integration_id: row.id, missing })
    return api
  }
  try {
    const found: ResourceDescription[] = []
    for await (const resource of row.connector.resources(api)) found.push(resource)
    unwrap(await serviceClient().rpc('sync_resources', {
      p_integration_id: row.id, p_organization_id: row.organizationId,
      p_resources: resourceRows(found),
    }))
    // Whatever the provider had told us of it.
    if (row.status !== 'active') unwrap(await serviceClient().rpc('note_reached', { p_id: row.id }))
    return api
  }
  catch (error) {
    if (!(error instanceof ProviderError)) throw error
    log.warn('resources could not be listed', { integration_id: row.id, kind: error.kind, call: error.call })
    // Down is down, and shut is shut: asking every check's question would cost as many time limits, or refusals.
    return ['unreachable', 'timeout', 'role_refused', 'application_refused'].includes(error.kind) ? refusing(error) : api
  }
}

function refusing(error: ProviderError): ApiReader {
  return { facts: {}, get: () => Promise.reject(error), pages: () => { throw error } }
}

async function runChecks(row: IntegrationRow, plan: Plan, api: ApiReader, lease: Lease): Promise<Result[]> {
  const targets = await enabledTargets(row.id)
  // The credential was handed out for these and no others; a renewal on the way may have left it with less.
  const { checks } = plan
  const plans = [plan, planScan(row)]
  const missing = ({ reads }: Pick<Check, 'reads'>) => [...new Set(plans.flatMap(one => one.missing(Object.values(reads))))]
  const reader = sharedReader(api)
  const pairs = targets.flatMap(target => checks.filter(({ kinds }) => kinds?.includes(target.kind) ?? true).map(check => ({ target, check })))
  const cross = await openCrossStep(row, plan.enabled, reads => missing({ reads }))
  const total = pairs.length + targets.reduce((sum, target) => sum + cross.count(target), 0)
  const results: Result[] = []
  lease.progress(0, total)
  await forEachLimited(pairs, CONCURRENCY, async ({ target, check }) => {
    lease.signal.throwIfAborted()
    const checkedAt = new Date()
    const { verdict, summary, evidence } = await evaluate(row.connector, check, target, reader, missing(check), checkedAt)
    lease.signal.throwIfAborted()
    results.push({ resource_id: target.id, check_id: check.id, verdict, severity: check.severity, category: check.category, summary, evidence, checked_at: checkedAt.toISOString() })
    lease.progress(results.length, total)
  })
  await forEachLimited(targets, CONCURRENCY, async (target) => {
    lease.signal.throwIfAborted()
    const { questions, tell } = cross.about(target, reader)
    await tell?.()
    for (const { check, ask } of questions) {
      const checkedAt = new Date()
      const { verdict, summary, evidence } = await ask(checkedAt)
      lease.signal.throwIfAborted()
      results.push({ resource_id: target.id, check_id: check.id, verdict, severity: check.severity, category: check.category, summary, evidence, checked_at: checkedAt.toISOString() })
    }
    lease.progress(results.length, total)
  })
  await cross.keep()
  return results
}

/** The whole assessment could not be done: its end says why, findings stay as they were. */
async function fail(claimed: Claimed, lease: Lease, error: unknown): Promise<void> {
  const { code, message } = failure(error)
  if (code === 'internal') log.error('assessment failed', { assessment_id: claimed.id, error })
  if (await lease.fail({ code, message }, entry(claimed, 'scan.failed', { code }))) countScan('failed')
}

/** The key's trouble and not the credential's: nobody has to reconnect. */
const keyFailures: Partial<Record<EncryptionErrorCode, string>> = {
  key_unavailable: 'The key management service did not open the credential\'s key. The connection is as it was: scan again when the service is back.',
  key_exhausted: 'The organization\'s key has been used as often as a key may be. The operator has to run: npm run keys:rotate -- --data-keys',
}

function failure(error: unknown): { code: string, message: string } {
  if (error instanceof CredentialError) {
    return error.failure === 'dead_grant'
      ? { code: 'reconnect_required', message: 'The provider no longer accepts this connection. Reconnect it.' }
      : { code: `credential_${error.failure}`, message: 'The credential could not be renewed. It is tried again by itself.' }
  }
  if (error instanceof EncryptionError) {
    const message = keyFailures[error.code]
    return message
      ? { code: error.code, message }
      : { code: 'credential_unreadable', message: 'The stored credential can\'t be opened with this installation\'s keys. Reconnect, or ask the operator to restore the key.' }
  }
  if (error instanceof AppError) return { code: error.code, message: error.message }
  return { code: 'internal', message: 'Something went wrong on our side.' }
}

function entry(claimed: Claimed, action: AuditAction, detail: Record<string, string | number>) {
  return auditRow({ actor: worker, action, target: { type: 'integration', id: claimed.integration_id }, detail: { assessment_id: claimed.id, ...detail } })
}
