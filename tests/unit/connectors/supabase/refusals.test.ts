/** What each refusal of Supabase's Management API means for a check. Those of its token endpoint: tests/integration/token-answers. */
import { describe, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import { sslEnforcement } from '#server/connectors/supabase/endpoints'
import { ProviderError } from '#server/errors'
import { createApiReader } from '#server/oauth/http'
import { evaluate } from '#server/scanner/evaluate'
import { findCheck } from '../evaluate'
import { now, project } from './evaluate'

const says = (status: number, message: string, headers: Record<string, string> = {}) => () => Response.json({ message }, { status, headers })
const text = (status: number, body: string) => () => new Response(body, { status })

function api(answer: () => Response) {
  const calls: string[] = []
  const reader = createApiReader({
    base: supabase.hosts.api, accessToken: 'token', retryAfter: supabase.retryAfter, sleep: async () => undefined, random: () => 0,
    fetch: async (input) => {
      calls.push(String(input))
      return answer()
    },
  })
  return { reader, calls }
}

type Fault = [when: string, answer: () => Response, kind: string, verdict: string, attempts: number]

const faults: Fault[] = [
  ['a token that is dead', says(401, 'Unauthorized'), 'unauthorized', 'error', 1],
  ['a 401 without a body', text(401, ''), 'unauthorized', 'error', 1],
  ['a permission that the application lacks', says(403, 'Forbidden resource'), 'forbidden', 'error', 1],
  ['a page of a firewall', text(403, '<html>'), 'forbidden', 'error', 1],
  ['a plan that lacks it', says(402, 'Payment required'), 'payment_required', 'error', 1],
  ['a project that is gone', says(404, 'Project not found'), 'not_found', 'error', 1],
  ['a call that is wrong', says(400, 'Bad request'), 'refused', 'error', 1],
  ['too many calls, with the seconds that are left', says(429, 'ThrottlerException: Too Many Requests', { 'x-ratelimit-reset': '42', 'x-ratelimit-remaining': '0' }), 'rate_limited', 'error', 3],
  ['too many calls, without a time', says(429, 'ThrottlerException: Too Many Requests'), 'rate_limited', 'error', 3],
  ['a fault of theirs', says(500, 'Internal server error'), 'server_error', 'error', 3],
  ['a page of a gateway', text(502, '<html>'), 'server_error', 'error', 3],
  ['a page under a 200', text(200, '<html>'), 'not_json', 'error', 1],
  ['nothing under a 200', text(200, ''), 'not_json', 'error', 1],
  ['another shape', () => Response.json(['on']), 'unexpected_shape', 'error', 1],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }), 'redirected', 'error', 1],
  ['more than five megabytes', () => new Response(new Uint8Array(5 * 1024 * 1024 + 1)), 'too_large', 'error', 1],
]

describe.each(faults)('an API that answers with %s', (_when, answer, kind, verdict, attempts) => {
  it(`is ${kind}, tried ${attempts} times`, async () => {
    const { reader, calls } = api(answer)
    const error = await reader.get(sslEnforcement, project).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ kind })
    expect(calls).toHaveLength(attempts)
  })

  it(`makes a check ${verdict}, with the reason`, async () => {
    const outcome = await evaluate(supabase, findCheck(supabase, 'supabase_ssl_enforced'), project, api(answer).reader, [], now)
    expect(outcome).toMatchObject({ verdict, evidence: { reason: kind } })
  })
})

it('waits as many seconds as the header says are left', async () => {
  const [, answer] = faults.find(([when]) => when.startsWith('too many calls, with')) ?? []
  const error = await api(answer ?? says(500, '')).reader.get(sslEnforcement, project).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ options: { retryAfterSeconds: 42 } })
})
