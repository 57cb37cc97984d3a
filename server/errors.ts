/**
 * The closed table of errors. Everything that leaves the HTTP edge is one of these codes; a provider's own words never
 * do. RFC 9457 shape is made in server/utils/problem.ts.
 */
export const errorTable = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  unauthorized: { status: 401, title: 'Sign in first' },
  invalid_credentials: { status: 401, title: 'Wrong email address or password' },
  signature_refused: { status: 401, title: 'The signature does not fit' },
  forbidden: { status: 403, title: 'Your role does not allow this' },
  origin_mismatch: { status: 403, title: 'The request came from another site' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  account_exists: { status: 409, title: 'This email address cannot be used' },
  conflict: { status: 409, title: 'The change does not fit the present state' },
  scan_in_progress: { status: 409, title: 'A scan is running already' },
  last_owner: { status: 409, title: 'An organization needs an owner' },
  not_configured: { status: 409, title: 'This provider is not configured' },
  connection_refused: { status: 409, title: 'The connection was not made' },
  no_organization: { status: 409, title: 'You belong to no organization' },
  mail_unavailable: { status: 409, title: 'This installation cannot send mail' },
  access_ended: { status: 409, title: 'All access to this account was being ended at the same moment' },
  connection_expired: { status: 410, title: 'This connection waited for longer than ten minutes' },
  invitation_invalid: { status: 410, title: 'This invitation is used up, withdrawn or expired' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Send JSON' },
  rate_limited: { status: 429, title: 'Too many attempts' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  provider_unavailable: { status: 502, title: 'The provider did not answer' },
  unavailable: { status: 503, title: 'A part of this installation is away' },
  audit_unavailable: { status: 503, title: 'The audit log could not be written, so this was not done' },
} as const satisfies Record<string, { status: number, title: string }>

export type ErrorCode = keyof typeof errorTable

export interface FieldError { field: string, message: string }

/** An outcome the caller is told about. `detail` and `extra` reach the browser: no secret, no provider's text. */
export class AppError extends Error {
  override name = 'AppError'
  constructor(
    readonly code: ErrorCode,
    readonly detail?: string,
    readonly options: { errors?: FieldError[], extra?: Record<string, unknown>, headers?: Record<string, string>, cause?: unknown } = {},
  ) {
    super(detail ?? errorTable[code].title, { cause: options.cause })
  }
}

/**
 * What went wrong with a provider's answer. Could not reach it, was refused, was told to wait, got something strange:
 * different things, with different next steps.
 */
export const providerErrorKinds = [
  'unreachable', // no connection, DNS, TLS, reset
  'timeout', // no complete answer in time
  'too_large', // more bytes than the policy takes
  'not_json', // a body that is no JSON where JSON was due
  'unexpected_shape', // JSON that the schema does not accept
  'redirected', // an API call was answered with a redirect, which is never followed
  'rate_limited', // 429
  'server_error', // 5xx
  'unauthorized', // 401
  'forbidden', // 403
  'not_found', // 404
  'payment_required', // 402
  'limited', // a plan, a role, a sign-on rule or a policy of the account hides the answer
  'refused', // any other 4xx
  'installation_disabled', // the app is switched off where it is installed; it may be switched on again
  'account_missing', // the grant reaches no account: the app is installed nowhere, or suspended there
  'role_refused', // the role that we were given does not let us in: gone, changed, or not there yet
  'application_refused', // the provider does not accept this installation's own credentials: nobody else's fault
  'account_ambiguous', // it reaches several, and nothing says which one is meant
] as const
export type ProviderErrorKind = (typeof providerErrorKinds)[number]

/** Of what `account`, `resources` and `Minting.order` of a connector throw: the grant does not reach any more what it is about. */
export const outOfReach: readonly ProviderErrorKind[] = ['account_missing', 'not_found']

/** Whoever calls waits so long for what the provider asks to come back later; a longer wait is `rate_limited` with its seconds. */
export const LONGEST_WAIT_SECONDS = 60

/** Why an app is switched off where it is installed: what the account lacks, who did it, or what became of whoever installed it. */
export const disabledReasons = ['plan', 'feature', 'by_admin', 'by_owner', 'owner_left', 'owner_demoted'] as const
export type DisabledReason = (typeof disabledReasons)[number]

/** Never carries the provider's body: it may hold anything. */
export class ProviderError extends Error {
  override name = 'ProviderError'
  constructor(
    readonly kind: ProviderErrorKind,
    /** `GET /v1/projects`: method and path, never a query or a host with credentials. */
    readonly call: string,
    readonly options: {
      status?: number
      retryAfterSeconds?: number
      /** With `limited`. */
      limitedBy?: 'plan' | 'role' | 'sso' | 'policy'
      /** With `forbidden`: the permission, in the provider's words. */
      missing?: string
      /** With `installation_disabled`, where the provider says it. */
      disabled?: DisabledReason
      cause?: unknown
    } = {},
  ) {
    super(`${call}: ${kind}${options.status ? ` (HTTP ${options.status})` : ''}`, { cause: options.cause })
  }
}

/**
 * The token endpoint's refusal, in three classes (design: only the first ends a connection).
 * `oauthError` is the RFC 6749 section 5.2 code when the provider sent one of the registered ones.
 */
export class OAuthError extends Error {
  override name = 'OAuthError'
  constructor(
    readonly failure: 'dead_grant' | 'our_application' | 'passing',
    readonly oauthError: string,
    options: { cause?: unknown } = {},
    /** From the provider's own headers, when it asked us to wait. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(`${failure}: ${oauthError}`, options)
  }
}
