/** A person and an application at the stand-in, over nothing but requests. */
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { createGithubSandbox, type GithubSandboxOptions } from '#server/sandbox/github'
import { memoryStore } from '#server/sandbox/store'

export const baseUrl = 'http://localhost:3000/sandbox/github'
export const redirectUri = 'http://localhost:3000/api/auth/github/callback'
export const clientId = 'Iv1.0011223344556677'
export const clientSecret = 'unit test: with %2B + odd characters'

const tokensSchema = z.object({
  access_token: z.string(), token_type: z.string(), scope: z.string(), refresh_token: z.string().default(''), expires_in: z.number().optional(), refresh_token_expires_in: z.number().optional(),
})
export type Tokens = z.infer<typeof tokensSchema>

const authorizePath = '/login/oauth/authorize'
export const installPath = '/apps/allyship-sandbox/installations/new'
/** Of the two accounts that there are. */
export const installed = { organization: '71000001', person: '71000002' }

export function openSandbox(changes: Partial<GithubSandboxOptions> = {}) {
  const sandbox = createGithubSandbox({ baseUrl, clientId, clientSecret, redirectUris: [redirectUri], store: memoryStore(), ...changes })
  const send = (path: string, init?: RequestInit) => sandbox.fetch(new Request(`${baseUrl}${path}`, init))
  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    send(path, { method: 'POST', body: new URLSearchParams(fields), headers })

  /** Opens the consent page and returns the form's hidden fields. */
  async function openConsent(parameters: Record<string, string>, path = authorizePath): Promise<Record<string, string>> {
    const page = await send(`${path}?${new URLSearchParams(parameters)}`)
    const inputs = [...(await page.text()).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
    return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]))
  }

  async function decide(parameters: Record<string, string>, answer: Record<string, string>, path = authorizePath): Promise<URL> {
    const response = await form(path, { ...await openConsent(parameters, path), installation: installed.organization, ...answer })
    return new URL(response.headers.get('location') ?? 'about:blank')
  }

  const token = (fields: Record<string, string>, headers: Record<string, string> = { accept: 'application/json' }) =>
    form('/login/oauth/access_token', { client_id: clientId, client_secret: clientSecret, ...fields }, headers)

  async function connect(answer: Record<string, string> = {}, asked: Record<string, string> = {}): Promise<Tokens> {
    const { verifier, parameters } = request(asked)
    const code = (await decide(parameters, { decision: 'approve', ...answer })).searchParams.get('code') ?? ''
    return tokensSchema.parse(await (await token({ code, redirect_uri: redirectUri, code_verifier: verifier })).json())
  }

  const get = (path: string, accessToken: string, headers: Record<string, string> = {}) =>
    send(path, { headers: { 'user-agent': 'unit test', 'authorization': `Bearer ${accessToken}`, ...headers } })
  const refresh = async (refreshToken: string): Promise<Record<string, unknown>> =>
    z.record(z.string(), z.unknown()).parse(await (await token({ grant_type: 'refresh_token', refresh_token: refreshToken })).json())
  const revoke = (body: unknown, authorization = basic()) =>
    send(`/applications/${clientId}/grant`, { method: 'DELETE', body: JSON.stringify(body), headers: { authorization } })
  return { sandbox, send, form, openConsent, decide, token, connect, get, refresh, revoke }
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
    state: randomBytes(16).toString('base64url'),
    scope: 'repo read:org admin:org',
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
