/**
 * Reads what a provider sent the browser back with (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207). Every way it can
 * end is an outcome and none an exception; `error_description` is not looked at, it is anybody's text.
 */
import type { Connector, GrantFacts, OAuth2 } from '#server/connectors/contract'
import type { CallbackErrorCode } from '#shared/callback-errors'
import { oauthOf } from './client'
import { startsElsewhere } from './installation'

/**
 * `state` of a failure finds the flow's cookie, which is burnt then too; null when there was none to read. `installed`: no code, and
 * said where the app was put. `unasked`: a code and no state, of a provider at which people may start.
 */
export type CallbackOutcome
  = { outcome: 'code', code: string, state: string, facts: GrantFacts }
    | { outcome: 'installed', state: string, facts: GrantFacts }
    | { outcome: 'unasked', code: string, facts: GrantFacts }
    | { outcome: 'failed', error: CallbackErrorCode, state: string | null }

export type CallbackQuery = URLSearchParams | Readonly<Record<string, unknown>>

const errors: Readonly<Record<string, CallbackErrorCode>> = {
  access_denied: 'access_denied',
  user_denied: 'access_denied',
  temporarily_unavailable: 'provider_unavailable',
  server_error: 'provider_unavailable',
  unauthorized_client: 'application_refused',
  invalid_client: 'application_refused',
  invalid_request: 'application_refused',
  invalid_scope: 'application_refused',
  unsupported_response_type: 'application_refused',
  redirect_uri_mismatch: 'application_refused',
  application_suspended: 'application_refused',
}

/** Ids: longer ones, and those with control characters or halves of a pair, are none. */
const LONGEST_FACT = 256

/** All values under a name; more than one breaks RFC 6749 section 3.1. */
function valuesOf(query: CallbackQuery, name: string): string[] {
  const found: unknown = query instanceof URLSearchParams ? query.getAll(name) : query[name]
  return (Array.isArray(found) ? found : [found]).filter(value => typeof value === 'string' && value !== '')
}

/** The parameters that the connector keeps; null: one of them is nothing that could be kept. */
function factsOf({ callbackFacts = [] }: OAuth2, query: CallbackQuery): GrantFacts | null {
  const facts: Record<string, string> = {}
  for (const name of callbackFacts) {
    const [value, second] = valuesOf(query, name)
    if (value === undefined) continue
    if (second !== undefined || value.length > LONGEST_FACT || !value.isWellFormed() || /\p{C}/u.test(value)) return null
    facts[name] = value
  }
  return facts
}

function waitsForApproval({ waitsForApproval: marks = {} }: OAuth2, query: CallbackQuery): boolean {
  const signs = Object.entries(marks)
  return signs.length > 0 && signs.every(([name, value]) => valuesOf(query, name).includes(value))
}

export function readCallback(connector: Connector, query: CallbackQuery): CallbackOutcome {
  const read = { state: valuesOf(query, 'state'), code: valuesOf(query, 'code'), error: valuesOf(query, 'error'), iss: valuesOf(query, 'iss') }
  const [state = null] = read.state.length === 1 && (read.state[0]?.length ?? 0) <= 512 ? read.state : []
  const failed = (error: CallbackErrorCode): CallbackOutcome => ({ outcome: 'failed', error, state })

  if (Object.values(read).some(values => values.length > 1)) return failed('provider_refused')
  const authorization = oauthOf(connector)
  const { issuer } = authorization
  // Before anything else, errors included (RFC 9207 section 2.4).
  if (issuer !== undefined && read.iss[0] !== issuer) return failed('issuer_mismatch')
  const [error] = read.error
  if (error !== undefined) return failed(Object.hasOwn(errors, error) ? errors[error] ?? 'provider_refused' : 'provider_refused')
  const [code] = read.code
  if (code === undefined && waitsForApproval(authorization, query)) return failed('approval_pending')
  // A state that is no state is no start elsewhere either.
  const unasked = read.state.length === 0 && startsElsewhere(connector)
  if (state === null && !unasked) return failed('flow_missing')
  const facts = factsOf(authorization, query)
  if (facts !== null && code === undefined && state !== null && authorization.installPath && Object.keys(facts).length > 0) return { outcome: 'installed', state, facts }
  if (code === undefined || code.length > 4096) return failed('code_missing')
  if (facts === null) return failed('provider_refused')
  return state === null ? { outcome: 'unasked', code, facts } : { outcome: 'code', code, state, facts }
}
