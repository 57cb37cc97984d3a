/**
 * Ends a grant at the provider, in the words its connector has for it. What may pass (no answer, 429, 5xx) is tried again
 * within one bound for all attempts: somebody waits for it, and the credential is deleted whatever comes of it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { GrantFacts } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import type { OAuthClient } from './client'
import { basicAuthorization } from './client-authentication'
import { isRefusal, mayPass, refusalCodes } from './failure'
import { callPolicy, sendRequest, type Answer } from './send'
import { statusError } from './status'
import type { TokenRequestOptions } from './token-request'

export type Revocation = 'revoked' | 'already_gone' | 'not_supported'
export interface Grant { accessToken: string, refreshToken?: string, facts?: GrantFacts }

/**
 * One call. The wait is bounded by the policy of all calls.
 * @throws ProviderError when the provider did not do it
 */
export async function revokeGrant(client: OAuthClient, tokens: Grant, options: TokenRequestOptions = {}): Promise<Revocation> {
  const { revocation } = client.connector.authorization
  if (!revocation) return 'not_supported'
  const { clientId, clientSecret } = client
  const { facts = {}, ...pair } = tokens
  const { path, method = 'POST', base = 'auth' } = revocation
  const { encoding, body, authorization } = revocation.request({ clientId, clientSecret, ...pair })
  // RFC 9110 section 9.3.5: the content of a DELETE means nothing, and may be a reason to refuse it.
  const empty = Object.keys(body).length === 0
  const headers: Record<string, string> = empty ? {} : { 'content-type': encoding === 'json' ? 'application/json' : 'application/x-www-form-urlencoded' }
  if (authorization === 'basic') headers.authorization = basicAuthorization(clientId, clientSecret)
  if (authorization === 'bearer') headers.authorization = `Bearer ${tokens.accessToken}`
  const answer = await sendRequest({
    method,
    base: base === 'api' ? client.apiBase : client.authBase,
    path: typeof path === 'string' ? path : path({ clientId, facts }),
    headers,
    body: empty ? undefined : encoding === 'json' ? JSON.stringify(body) : new URLSearchParams(body).toString(),
    fetch: client.fetch,
    expect: 'any', // RFC 7009 section 2.2: the body of a success means nothing. But see readAnswer.
    ...options,
  })
  return readAnswer(answer, client)
}

/** A 200 may be a refusal after all, and a refusal may say that there is nothing left to end. */
function readAnswer(answer: Answer, { connector }: OAuthClient): Revocation {
  const { alreadyGone = [], alreadyGoneErrors = [] } = connector.authorization.revocation ?? {}
  if (alreadyGone.includes(answer.status)) return 'already_gone'
  const said = answer.body.kind === 'json' ? answer.body.value : undefined
  const done = answer.status >= 200 && answer.status <= 299
  if (done && !isRefusal(said)) return 'revoked'
  if (refusalCodes(said).some(code => alreadyGoneErrors.includes(code))) return 'already_gone'
  if (!done) throw statusError(answer, connector.retryAfter)
  throw new ProviderError(mayPass(said) ? 'server_error' : 'refused', answer.call, { status: answer.status })
}

export const revocationPolicy = {
  attempts: 3,
  /** Milliseconds: the first backoff; the next one is twice as long. */
  backoffMs: 400,
  /** Milliseconds for all attempts and the waits between them. */
  budgetMs: 12_000,
  /** Milliseconds: with less than this left, an attempt makes no sense. */
  leastMs: 500,
} as const

export interface EndGrantOptions extends TokenRequestOptions {
  /** By `now`: where several grants share a bound. */
  deadline?: number
  /** For tests: milliseconds. */
  now?: () => number
  sleep?: (milliseconds: number) => Promise<unknown>
  /** 0 to 1. */
  random?: () => number
}

/** What became of a grant. `attempts`: calls made. */
export interface Ending {
  outcome: Revocation | 'failed'
  attempts: number
  at: Date
  /** With `failed`: a kind of ProviderError, or `out_of_time`. */
  reason?: string
}

/** @throws what is no failure of the provider's */
export async function endGrant(client: OAuthClient, tokens: Grant, options: EndGrantOptions = {}): Promise<Ending> {
  const { now = Date.now, sleep = wait, random = Math.random, policy, signal } = options
  const deadline = Math.min(options.deadline ?? Infinity, now() + revocationPolicy.budgetMs)
  const ending = (outcome: Ending['outcome'], attempts: number, reason?: string): Ending => ({ outcome, attempts, at: new Date(now()), ...(reason ? { reason } : {}) })

  for (let attempt = 1; ; attempt += 1) {
    const left = deadline - now()
    if (left < revocationPolicy.leastMs) return ending('failed', attempt - 1, 'out_of_time')
    try {
      const timeoutMs = Math.min(policy?.timeoutMs ?? callPolicy.timeoutMs, left)
      const outcome = await revokeGrant(client, tokens, { signal, policy: { ...policy, timeoutMs } })
      return ending(outcome, outcome === 'not_supported' ? 0 : attempt)
    }
    catch (error) {
      if (!(error instanceof ProviderError)) throw error
      const pause = pauseAfter(error, attempt, random)
      if (pause === null || now() + pause + revocationPolicy.leastMs > deadline) return ending('failed', attempt, error.kind)
      await sleep(pause)
    }
  }
}

/** Milliseconds until the next attempt, or null when another one makes no sense. Equal jitter, as in http.ts. */
function pauseAfter(error: ProviderError, attempt: number, random: () => number): number | null {
  if (attempt >= revocationPolicy.attempts || !['unreachable', 'timeout', 'server_error', 'rate_limited'].includes(error.kind)) return null
  const backoff = revocationPolicy.backoffMs * 2 ** (attempt - 1) * (0.5 + random() / 2)
  return Math.max(backoff, (error.options.retryAfterSeconds ?? 0) * 1000)
}
