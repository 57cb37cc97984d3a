/**
 * What a token endpoint's refusal means. Only `dead_grant` ends a connection, so it takes the provider's word for it;
 * `our_application` is an operator's to mend; everything that says nothing about either is `passing`.
 *
 * The endpoint's words are matched and dropped: an `error_description` may repeat what was sent. RFC 6749 section 5.2
 * has the codes. Providers stray from it: a 200 with `error` inside (GitHub, Slack), `{"message": "..."}` with a 401
 * (Supabase), codes of their own (`bad_refresh_token`). Hence patterns, and hence a code that says more than a status.
 */
import { OAuthError } from '#server/errors'
import type { Answer } from './send'

export type Grant = 'authorization_code' | 'refresh_token'
type Failure = OAuthError['failure']

/** The registered codes, by what they mean for us. */
const registered: Readonly<Record<string, Failure>> = {
  invalid_grant: 'dead_grant',
  access_denied: 'dead_grant',
  invalid_client: 'our_application',
  unauthorized_client: 'our_application',
  unsupported_grant_type: 'our_application',
  invalid_scope: 'our_application',
  invalid_request: 'our_application',
  temporarily_unavailable: 'passing',
  server_error: 'passing',
  slow_down: 'passing',
}

/** In this order: "client" and "redirect" also stand in sentences about a grant. */
const patterns: ReadonlyArray<readonly [RegExp, Failure, string]> = [
  [/redirect[ _-]?ur[il]|redirect[ _-]?mismatch|bad_redirect|authorization_url_mismatch/i, 'our_application', 'redirect_rejected'],
  [/client[ _-]?(?:id|secret|credential|auth)|(?:invalid|unknown|unauthori[sz]ed|bad)[ _-]?client|(?:oauth|invalid|unknown)[ _-]app(?:lication)?\b|application_suspended|signature_?does_?not_?match|\bnot_authed\b|no_scopes|pkce_not_allowed/i, 'our_application', 'client_rejected'],
  [/invalid[ _-](?:grant[ _-]type|arg(?:ument)?s?\b|arg_name|array_arg|charset|form_data|post_type)|missing_post_type|method_deprecated|deprecated_endpoint|unknown_method/i, 'our_application', 'request_rejected'],
  [/rate[ _-]?limit|too many requests|throttl|temporar/i, 'passing', 'busy'],
  [/internal[ _-](?:server[ _-])?error|fatal_error|service[ _-]?unavailable|request_timeout/i, 'passing', 'server_error'],
  // The account is being moved, or the call lacks a right: the grant itself stands.
  [/team_added_to_org|org_login_required/i, 'passing', 'account_moving'],
  [/missing_scope|not_allowed_token_type|no_permission|paid_only|feature_not_(?:enabled|available)|not_an_admin|two_factor_setup_required|access_?limited|ekm_access_denied|enterprise_is_restricted/i, 'passing', 'permission_missing'],
  [/refresh[ _-]?token|invalid[ _-]?grant|(?:invalid|bad|expired|used)[ _-](?:authorization[ _-]|verification[ _-]|auth[ _-])?(?:code|token|grant)|code_already_used|revoked|expired|already used|token_not_found|account_inactive|invalid_auth\b|access_not_granted|\bsuspended\b|configuration_disabled/i, 'dead_grant', 'grant_rejected'],
]

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Short texts in which providers put a code or a reason, at the top and one level below, `code` or `Code`. */
function wordsOf(body: unknown): { codes: string[], sentences: string[] } {
  const records = (isRecord(body) ? [body, ...Object.values(body).filter(isRecord)] : [])
    .map(record => Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value])))
  const texts = (names: readonly string[]) => records.flatMap(record => names.map(name => record[name]))
    .filter(text => typeof text === 'string').map(text => text.slice(0, 500))
  return { codes: texts(['error', 'code', 'error_code', 'type']), sentences: texts(['error_description', 'message', 'msg', 'detail', 'reason', 'hint']) }
}

/** By what the provider said, or null when it said nothing that we know. */
function bySaying(body: unknown): OAuthError | null {
  const { codes, sentences } = wordsOf(body)
  const all = [...codes, ...sentences]
  const code = codes.find(text => Object.hasOwn(registered, text))
  const matched = patterns.find(([pattern]) => all.some(text => pattern.test(text)))
  const failure = code === undefined ? undefined : registered[code]
  if (code !== undefined && failure !== undefined) {
    // RFC 6749 puts a wrong redirect address under invalid_grant, and anything under invalid_request.
    if (code === 'invalid_grant' && matched?.[2] === 'redirect_rejected') return new OAuthError('our_application', code)
    if (code === 'invalid_request' && matched) return new OAuthError(matched[1], code)
    return new OAuthError(failure, code)
  }
  if (matched) return new OAuthError(matched[1], matched[2])
  // A flag beside a code that says nothing: `{"error": {"code": "forbidden", "invalidToken": true}}`.
  const flagged = isRecord(body) && [body, ...Object.values(body).filter(isRecord)].some(record => record.invalidToken === true)
  return flagged ? new OAuthError('dead_grant', 'grant_rejected') : null
}

/** Whether a 2xx is a refusal after all. */
export function isRefusal(body: unknown): boolean {
  return isRecord(body) && ((typeof body.error === 'string' && body.error !== '') || isRecord(body.error) || body.ok === false)
}

/** The codes that a refusal names, wherever the provider puts them. */
export function refusalCodes(body: unknown): string[] {
  return wordsOf(body).codes
}

/** Whether what a refusal says will pass by itself. */
export function mayPass(body: unknown): boolean {
  return bySaying(body)?.failure === 'passing'
}

/** The failure of an answer that is no grant, as a 4xx, a 5xx or a 2xx with a refusal inside. */
export function tokenFailure(answer: Pick<Answer, 'status' | 'body'>, grant: Grant): OAuthError {
  const { status, body } = answer
  if (status === 429) return new OAuthError('passing', 'rate_limited')
  if (status >= 500) return new OAuthError('passing', 'server_error')
  // A page of a gateway says nothing about the grant.
  if (body.kind === 'other') return new OAuthError('passing', 'not_json')
  const said = body.kind === 'json' ? bySaying(body.value) : null
  if (said) return said
  if (grant === 'refresh_token') {
    // Understood and not processable: what we sent is wrong, not what the grant is.
    if (status === 422) return new OAuthError('our_application', 'unrecognised')
    const refused = status === 400 || status === 401 || status < 300
    return refused ? new OAuthError('dead_grant', 'unrecognised') : new OAuthError('passing', 'unrecognised')
  }
  // At the exchange the client is the first thing that is checked, and the code the next.
  if (status === 401) return new OAuthError('our_application', 'unrecognised')
  const refused = status === 400 || status === 422 || status < 300
  return refused ? new OAuthError('dead_grant', 'unrecognised') : new OAuthError('passing', 'unrecognised')
}
