/** A person and an app at the stand-in, over nothing but requests. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { slack } from '#server/connectors/slack'
import type { SlackSandboxOptions } from '#server/sandbox/slack'
import { createSlackSandbox } from '#server/sandbox/slack'
import { memoryStore } from '#server/sandbox/store'

export const baseUrl = 'http://localhost:3000/sandbox/slack'
export const redirectUri = 'http://localhost:3000/api/auth/slack/callback'
export const clientId = '111111111111.222222222222'
export const clientSecret = randomBytes(16).toString('hex')
export const brightwater = 'T07BRGHTWTR0'
export const halyard = 'E08HALYARD00'

/** A pair as the token endpoint gives it. */
const pair = z.object({ access_token: z.string(), refresh_token: z.string().default(''), token_type: z.string(), scope: z.string(), expires_in: z.number().nullish() })
const granted = pair.extend({ authed_user: pair.extend({ id: z.string() }) })
export type Granted = z.infer<typeof granted>

export function openSandbox(changes: Partial<SlackSandboxOptions> = {}) {
  const sandbox = createSlackSandbox({ baseUrl, clientId, clientSecret, redirectUris: [redirectUri], store: memoryStore(), ...changes })
  const send = (path: string, init?: RequestInit) => sandbox.fetch(new Request(`${baseUrl}${path}`, init))
  const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => send(path, { method: 'POST', body: new URLSearchParams(fields), headers })
  const page = (parameters: Record<string, string>) => send(`/oauth/v2/authorize?${new URLSearchParams(parameters)}`)

  /** Opens the consent page and returns the form's hidden fields. */
  async function openConsent(parameters: Record<string, string>): Promise<Record<string, string>> {
    const inputs = [...(await (await page(parameters)).text()).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
    return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]))
  }

  async function decide(parameters: Record<string, string>, decision: string, account = brightwater): Promise<URL> {
    const answer = await form('/oauth/v2/authorize', { ...await openConsent(parameters), account, decision })
    return new URL(answer.headers.get('location') ?? 'about:blank')
  }

  const approvedCode = async (parameters: Record<string, string>, account?: string) => (await decide(parameters, 'approve', account)).searchParams.get('code') ?? ''
  const token = (fields: Record<string, string>, headers: Record<string, string> = { authorization: basic() }) => form('/api/oauth.v2.access', fields, headers)

  /** @param account where the app is installed */
  async function exchange(account?: string, asked: Record<string, string> = {}): Promise<unknown> {
    return (await token({ grant_type: 'authorization_code', code: await approvedCode(request(asked), account), redirect_uri: redirectUri })).json()
  }

  const connect = async (account?: string) => granted.parse(await exchange(account))
  const get = (path: string, accessToken: string) => send(path, { headers: { authorization: `Bearer ${accessToken}` } })
  const call = async (path: string, accessToken: string): Promise<Record<string, unknown>> => z.record(z.string(), z.unknown()).parse(await (await get(path, accessToken)).json())
  const refresh = (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken })
  const refreshed = async (refreshToken: string) => pair.parse(await (await refresh(refreshToken)).json())
  const revoke = async (accessToken: string, fields: Record<string, string> = {}) => (await form('/api/auth.revoke', fields, { authorization: `Bearer ${accessToken}` })).json()
  return { sandbox, send, form, page, openConsent, decide, approvedCode, token, exchange, connect, get, call, refresh, refreshed, revoke }
}

export function basic(id = clientId, secret = clientSecret): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}

/** What the connector asks for. */
export function request(changes: Record<string, string> = {}): Record<string, string> {
  const { scopes, scopeSeparator, authorizeParameters } = slack.authorization
  return {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    state: randomBytes(16).toString('base64url'),
    scope: scopes.map(scope => scope.name).join(scopeSeparator),
    ...authorizeParameters,
    ...changes,
  }
}
