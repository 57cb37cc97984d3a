/** A person and an application at the stand-in, over nothing but requests. */
import { randomBytes } from 'node:crypto'
import { createNetlifySandbox, type NetlifySandboxOptions } from '#server/sandbox/netlify'
import { memoryStore } from '#server/sandbox/store'

export const baseUrl = 'http://localhost:3000/sandbox/netlify'
export const redirectUri = 'http://localhost:3000/api/auth/netlify/callback'
export const clientId = 'unit-test-client'
export const clientSecret = `nfs_${randomBytes(16).toString('hex')}`

export interface Tokens { access_token: string, token_type: string, scope: string, created_at: number }

export function openSandbox(changes: Partial<NetlifySandboxOptions> = {}) {
  const sandbox = createNetlifySandbox({ baseUrl, clientId, clientSecret, redirectUris: [redirectUri], store: memoryStore(), ...changes })
  const send = (path: string, init?: RequestInit) => sandbox.fetch(new Request(`${baseUrl}${path}`, init))
  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    send(path, { method: 'POST', body: new URLSearchParams(fields), headers })

  /** Opens the consent page and returns the form's hidden fields. */
  async function openConsent(parameters: Record<string, string>): Promise<Record<string, string>> {
    const page = await send(`/authorize?${new URLSearchParams(parameters)}`)
    const inputs = [...(await page.text()).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
    return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]))
  }

  async function decide(parameters: Record<string, string>, decision: string): Promise<URL> {
    const answer = await form('/authorize', { ...await openConsent(parameters), decision })
    return new URL(answer.headers.get('location') ?? 'about:blank')
  }

  async function approvedCode(parameters = request()): Promise<string> {
    return (await decide(parameters, 'approve')).searchParams.get('code') ?? ''
  }

  const token = (fields: Record<string, string>, headers: Record<string, string> = {}) => form('/oauth/token', fields, headers)
  const redemption = (code: string) => ({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, client_id: clientId, client_secret: clientSecret })

  async function connect(): Promise<Tokens> {
    const answer = await token(redemption(await approvedCode()))
    if (answer.status !== 200) throw new Error(`No tokens: ${answer.status} ${await answer.text()}`)
    return await answer.json()
  }

  const get = (path: string, accessToken: string) => send(path, { headers: { authorization: `Bearer ${accessToken}` } })
  return { sandbox, send, form, openConsent, decide, approvedCode, redemption, token, connect, get }
}

export function request(changes: Record<string, string> = {}): Record<string, string> {
  return { client_id: clientId, redirect_uri: redirectUri, response_type: 'code', state: randomBytes(16).toString('base64url'), ...changes }
}

/** A clock that a test turns. */
export function clock(at = Date.parse('2026-11-22T12:00:00Z')) {
  let time = at
  return { now: () => time, advance: (seconds: number) => { time += seconds * 1000 } }
}
