/** One check on one resource: reads what it needs, evaluates, and never throws for what a provider or a check does. */
import type { ApiReader, Check, Connector, Endpoint, Evaluation, ResourceDescription } from '#server/connectors/contract'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import { log } from '#server/utils/log'

const reasons: Record<ProviderErrorKind, string> = {
  unreachable: 'The provider could not be reached.',
  timeout: 'The provider did not answer in time.',
  too_large: 'The provider\'s answer was larger than 5 MB.',
  not_json: 'The provider answered with something that is not JSON.',
  unexpected_shape: 'The provider\'s answer was not of the documented shape.',
  redirected: 'The provider answered with a redirect, which is not followed.',
  rate_limited: 'The provider asked us to wait longer than a scan may take.',
  server_error: 'The provider answered with an error of its own.',
  unauthorized: 'The provider refused the credential.',
  forbidden: 'The grant lacks a permission.',
  not_found: 'The provider does not know this resource, or does not offer this call any more.',
  payment_required: 'The provider offers this call on another plan only.',
  limited: 'The account\'s plan, roles or sign-on rules hide the answer.',
  refused: 'The provider refused the call.',
  installation_disabled: 'The app is switched off at the provider.',
  account_missing: 'The grant does not reach the account any more.',
  role_refused: 'The role does not let this product in: it is gone, or its trust policy was changed.',
  application_refused: 'The provider does not accept this installation\'s own credentials: the operator has to correct them.',
  account_ambiguous: 'The grant reaches several accounts, and it is not known which one is meant.',
}

/** Why a check could not be verified: never a pass. */
export function unverified(error: ProviderError, endpoint?: Endpoint): Evaluation {
  if (error.kind === 'limited' && error.options.limitedBy === 'plan') {
    return { verdict: 'not_applicable', summary: 'The account\'s plan does not have this.', evidence: { reason: 'plan', call: error.call } }
  }
  const needed = error.options.missing ?? endpoint?.scope
  const permission = error.kind === 'forbidden' && needed !== undefined ? ` It needs ${needed}.` : ''
  return {
    verdict: 'error',
    summary: `${reasons[error.kind]}${permission}`,
    evidence: { reason: error.kind, call: error.call, ...(error.options.status ? { http_status: error.options.status } : {}), ...(permission && needed !== undefined ? { missing_permission: needed } : {}), ...(error.options.limitedBy ? { limited_by: error.options.limitedBy } : {}) },
  }
}

/** The provider said that the grant lacks what the check's calls need: they are not made. */
function ungranted(missing: readonly string[]): Evaluation {
  return {
    verdict: 'error',
    summary: `The grant lacks a permission. It needs ${missing.join(' and ')}.`,
    evidence: { reason: 'scope_missing', missing_permission: missing.join(' ') },
  }
}

/** @param missing permissions that the check needs and the grant is known not to have */
export async function evaluate(
  connector: Connector, check: Check, resource: ResourceDescription, api: ApiReader, missing: readonly string[], now: Date,
): Promise<Evaluation> {
  const unavailable = connector.unavailable(resource)
  if (unavailable) return { verdict: 'not_applicable', summary: unavailable, evidence: {} }
  if (missing.length > 0) return ungranted(missing)
  const answers: Record<string, unknown> = {}
  for (const [name, endpoint] of Object.entries(check.reads)) {
    try {
      answers[name] = await api.get(endpoint, resource)
    }
    catch (error) {
      if (!(error instanceof ProviderError)) throw error
      return unverified(error, endpoint)
    }
  }
  try {
    // The answers were parsed by the very endpoints that `reads` names.
    return check.evaluate(answers as Parameters<Check['evaluate']>[0], { resource, now })
  }
  catch (error) {
    log.error('a check threw', { check_id: check.id, error })
    return { verdict: 'error', summary: 'The check itself failed: a defect on our side.', evidence: { reason: 'check_failed' } }
  }
}
