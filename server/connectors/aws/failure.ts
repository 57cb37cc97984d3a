/**
 * What went wrong with a call of the SDK, in the product's words. Codes: the services' "Common errors", each service's own, and
 * the SDK's list of throttling codes. Nothing of a message goes on but the action that it says was refused.
 */
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import { CallError } from './handler'

/** Whose credentials signed the call: our own, in order to become the role, or the role's. */
export type Signer = 'ours' | 'role'

const throttled = ['Throttling', 'RequestThrottled', 'RequestLimitExceeded', 'TooManyRequests', 'PriorRequestNotComplete', 'SlowDown', 'Throttled', 'EC2Throttled', 'BandwidthLimitExceeded', 'TransactionInProgress']
const denied = ['AccessDenied', 'UnauthorizedOperation', 'UnauthorizedAccess', 'AuthorizationError', 'NotAuthorized']
/** Of a key or a session token that is not good, or not good any more. */
export const badCredentials = ['InvalidClientTokenId', 'UnrecognizedClient', 'AuthFailure', 'InvalidAccessKeyId', 'InvalidToken', 'ExpiredToken', 'TokenRefreshRequired']
const badSignature = ['SignatureDoesNotMatch', 'IncompleteSignature', 'InvalidSignature', 'RequestExpired', 'RequestTimeTooSkewed', 'MissingAuthenticationToken']
/** The region, or the service, is not switched on in that account. */
const switchedOff = ['RegionDisabled', 'OptInRequired', 'SubscriptionRequired', 'InvalidOptInStatus']

/** `ExpiredTokenException` and `ExpiredToken` are one: services differ. Empty for what is no answer of a service. */
export function codeOf(error: unknown): string {
  return error instanceof Error && '$metadata' in error && '$fault' in error ? error.name.replace(/^Client\./, '').replace(/Exception$/, '') : ''
}

export function isDenied(error: unknown): boolean {
  return denied.includes(codeOf(error))
}

function statusOf(error: unknown): number | undefined {
  const metadata: unknown = error instanceof Error ? Reflect.get(error, '$metadata') : undefined
  const status: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined
  return typeof status === 'number' ? status : undefined
}

/** One of several calls may be the one that was refused: AWS says which. */
function actionOf(error: unknown, action: string): string {
  return /not authorized to perform:? ([a-z0-9-]{2,40}:[A-Za-z]{3,60})\b/.exec(error instanceof Error ? error.message : '')?.[1] ?? action
}

/** @param action `iam:GetAccountSummary` */
export function toProviderError(error: unknown, action: string, signer: Signer): ProviderError {
  if (error instanceof ProviderError) return error
  if (error instanceof CallError) return new ProviderError(error.kind, action, { status: error.status, cause: new Error(error.reason) })
  const code = codeOf(error)
  const status = statusOf(error)
  const as = (kind: ProviderErrorKind, more: ProviderError['options'] = {}) => new ProviderError(kind, actionOf(error, action), { status, cause: new Error(code || 'unknown'), ...more })
  if (throttled.includes(code) || status === 429) return as('rate_limited')
  if (denied.includes(code)) return signer === 'ours' ? as('role_refused') : as('limited', { limitedBy: 'policy' })
  // The role's own session is made anew when it is refused (reader.ts): refused again, the region does not take it.
  if (badCredentials.includes(code)) return signer === 'ours' ? as('application_refused') : as('limited', { limitedBy: 'policy' })
  if (badSignature.includes(code)) return as('application_refused')
  if (switchedOff.includes(code)) return as('limited', { limitedBy: 'policy' })
  if (status !== undefined && status >= 500) return as('server_error')
  if (code === '' || status === undefined || status < 300) return as('unexpected_shape')
  return as(status === 404 ? 'not_found' : 'refused')
}
