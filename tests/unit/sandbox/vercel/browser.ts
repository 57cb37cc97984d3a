/** A person and an application at the stand-in, over nothing but requests. */
import { randomBytes } from 'node:crypto'
import type { TokenSet } from '#server/connectors/contract'
import { vercel } from '#server/connectors/vercel'
import type { OAuthClient } from '#server/oauth/client'
import { createApiReader } from '#server/oauth/http'
import { createVercelSandbox, type VercelSandboxOptions } from '#server/sandbox/vercel'
import { memoryStore } from '#server/sandbox/store'

export const baseUrl = 'http://localhost:3000/sandbox/vercel'
export const redirectUri = 'http://localhost:3000/api/auth/vercel/callback'
export const clientId = 'oac_unit_test'
export const clientSecret = randomBytes(18).toString('base64url')
export const teamId = 'team_3Rw9KfLbTz6XvQm1NhYc8GdJ'
export const userId = 'usr_5Lm1PqWs7ZxCv3BnRt9Kj4Hf'
export const start = '/integrations/allyship/new'

export interface Tokens { token_type: string, access_token: string, installation_id: string, user_id: string, team_id: string | null }
/** Where the integration is installed. */
export type Owner = typeof teamId | typeof userId

export function openSandbox(changes: Partial<VercelSandboxOptions> = {}) {
  const sandbox = createVercelSandbox({ baseUrl, clientId, clientSecret, redirectUris: [redirectUri], store: memoryStore(), ...changes })
  const send = (path: string, init?: RequestInit) => sandbox.fetch(new Request(`${baseUrl}${path}`, init))
  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => send(path, { method: 'POST', body: new URLSearchParams(fields), headers })

  /** Opens the consent page and returns the form's hidden fields. */
  async function openConsent(parameters: Record<string, string>): Promise<Record<string, string>> {
    const page = await send(`${start}?${new URLSearchParams(parameters)}`)
    const inputs = [...(await page.text()).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
    return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]))
  }

  /** @returns the address of the callback */
  async function decide(decision: string, account: Owner = teamId, parameters: Record<string, string> = { state: 's' }): Promise<URL> {
    const answer = await form(start, { ...await openConsent(parameters), decision, account })
    return new URL(answer.headers.get('location') ?? 'about:blank')
  }

  const token = (fields: Record<string, string>) => form('/v2/oauth/access_token', { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri, ...fields })

  async function connect(account: Owner = teamId): Promise<Tokens> {
    const answer = await token({ code: (await decide('approve', account)).searchParams.get('code') ?? '' })
    if (answer.status !== 200) throw new Error(`No token: ${answer.status} ${await answer.text()}`)
    return await answer.json()
  }

  /** As the connector calls: with the token's team. */
  const get = (path: string, { access_token, team_id }: Tokens) =>
    send(`${path}${team_id ? `${path.includes('?') ? '&' : '?'}teamId=${team_id}` : ''}`, { headers: { authorization: `Bearer ${access_token}` } })

  const fetch: OAuthClient['fetch'] = (input, init) => sandbox.fetch(new Request(input, init))
  const client: OAuthClient = { connector: vercel, clientId, clientSecret, apiBase: baseUrl, authBase: baseUrl, redirectUri, settings: {}, fetch }
  const reader = ({ accessToken, facts }: TokenSet) =>
    createApiReader({ base: baseUrl, accessToken, fetch, retryAfter: vercel.retryAfter, refusal: vercel.refusal, everyCall: vercel.everyCall, facts, policy: { attempts: 1 } })
  return { sandbox, send, form, openConsent, decide, token, connect, get, client, reader }
}

/** A clock that a test turns. */
export function clock(at = Date.parse('2026-11-22T12:00:00Z')) {
  let time = at
  return { now: () => time, advance: (seconds: number) => { time += seconds * 1000 } }
}
