/** A person and an application at the stand-in, over nothing but requests. */
import { createHash, randomBytes } from 'node:crypto'
import { createSupabaseSandbox, type SupabaseSandboxOptions } from '#server/sandbox/supabase'
import { memoryStore } from '#server/sandbox/store'

export const baseUrl = 'http://localhost:3000/sandbox/supabase'
export const redirectUri = 'http://localhost:3000/api/auth/supabase/callback'
export const clientId = '66666666-6666-4666-8666-666666666666'
export const clientSecret = 'sba_unit_test:with %2B + odd characters'

export interface Tokens { access_token: string, refresh_token: string, expires_in: number, token_type: string, project_refs: null, scope: string }

export function openSandbox(changes: Partial<SupabaseSandboxOptions> = {}) {
  const sandbox = createSupabaseSandbox({ baseUrl, clientId, clientSecret, redirectUris: [redirectUri], store: memoryStore(), ...changes })
  const send = (path: string, init?: RequestInit) => sandbox.fetch(new Request(`${baseUrl}${path}`, init))

  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    send(path, { method: 'POST', body: new URLSearchParams(fields), headers })

  /** Opens the consent page and returns the form's hidden fields. */
  async function openConsent(parameters: Record<string, string>): Promise<Record<string, string>> {
    const page = await send(`/v1/oauth/authorize?${new URLSearchParams(parameters)}`)
    const inputs = [...(await page.text()).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
    return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]))
  }

  async function decide(parameters: Record<string, string>, decision: string): Promise<URL> {
    const answer = await form('/v1/oauth/authorize', { ...await openConsent(parameters), decision })
    return new URL(answer.headers.get('location') ?? 'about:blank')
  }

  async function approvedCode(parameters: Record<string, string>): Promise<string> {
    return (await decide(parameters, 'approve')).searchParams.get('code') ?? ''
  }

  const token = (fields: Record<string, string>, headers: Record<string, string> = { authorization: basic() }) => form('/v1/oauth/token', fields, headers)

  async function connect(): Promise<Tokens> {
    const { verifier, parameters } = request()
    const answer = await token({ grant_type: 'authorization_code', code: await approvedCode(parameters), redirect_uri: redirectUri, code_verifier: verifier })
    if (answer.status !== 200) throw new Error(`No tokens: ${answer.status} ${await answer.text()}`)
    return await answer.json()
  }

  const get = (path: string, accessToken: string) => send(path, { headers: { authorization: `Bearer ${accessToken}` } })
  const refresh = (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken })
  const revoke = (body: unknown) => send('/v1/oauth/revoke', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  return { sandbox, send, form, openConsent, decide, approvedCode, token, connect, get, refresh, revoke }
}

/** Basic authentication as RFC 6749 section 2.3.1 has it: form-encoded, then base64. */
export function basic(id = clientId, secret = clientSecret): string {
  const encode = (value: string) => encodeURIComponent(value).replaceAll('%20', '+')
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`
}

export function request(changes: Record<string, string> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  const parameters = {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    state: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }
  return { verifier, parameters }
}

/** A clock that a test turns. */
export function clock(at = Date.parse('2026-11-22T12:00:00Z')) {
  let time = at
  return { now: () => time, advance: (seconds: number) => { time += seconds * 1000 } }
}
