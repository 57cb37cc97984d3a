/**
 * What is for who proves with the app's private key to be the app: POST /app/installations/{id}/access_tokens, and GET /app.
 * Tokens live an hour, in memory.
 */
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { z } from 'zod'
import type { Grants } from '../kit/grants'
import { bearerOf } from '../kit/http'
import { sha256 } from '../kit/hash'
import { json, message } from './http'
import { appSlug, grantedPermissions, type GithubSandboxOptions } from './options'
import { reachOf } from './subject'
import type { SandboxAccount } from './world/account'

const hour = 3_600_000
const headerSchema = z.object({ alg: z.literal('RS256') })
/** https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app; an unknown field is a mistake here. */
const orderSchema = z.strictObject({ permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).optional() })
const claimsSchema = z.object({ iss: z.string(), iat: z.number(), exp: z.number() })

export function newPrivateKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } }).privateKey
}

export interface InstallationToken { installationId: number, permissions: readonly string[] }
export type InstallationTokens = ReturnType<typeof openInstallationTokens>

/** @param grants whose reach says where the app is installed */
export function openInstallationTokens(options: GithubSandboxOptions, accounts: readonly SandboxAccount[], grants: Grants, now: () => number) {
  const granted = grantedPermissions(options)
  const tokens = new Map<string, InstallationToken & { until: number }>()
  const isInstalled = (id: number) => grants.list().some(({ subject }) => reachOf(subject, accounts).accounts.some(account => account.installationId === id))

  /** https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app */
  function isApp(jwt: string): boolean {
    const key = options.settings?.PRIVATE_KEY
    const [header = '', claims = '', signature = ''] = jwt.split('.')
    if (!key || !headerSchema.safeParse(decoded(header)).success) return false
    if (!verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), createPublicKey(key), Buffer.from(signature, 'base64url'))) return false
    const { success, data } = claimsSchema.safeParse(decoded(claims))
    // Both run on one machine: `now` turns the ends of tokens, not the time at which this call is made.
    const seconds = Date.now() / 1000
    return success && data.iss === options.clientId && data.iat <= seconds && data.exp > seconds && data.exp - seconds <= 600
  }

  function refusal(request: Request): Response | null {
    const jwt = bearerOf(request)
    if (!jwt) return message(401, 'A JSON web token could not be decoded')
    return isApp(jwt) ? null : message(401, '\'Issuer\' claim (\'iss\') must be an Integer, or the token\'s signature or times are wrong')
  }

  return {
    app(request: Request): Response {
      return refusal(request) ?? json({ id: 70_001, slug: appSlug, client_id: options.clientId, name: 'AllyShip', permissions: levels(granted), events: [] })
    },

    async answer(request: Request, installationId: string): Promise<Response> {
      const refused = refusal(request)
      if (refused) return refused
      const account = accounts.find(one => String(one.installationId) === installationId)
      if (!account || !isInstalled(account.installationId)) return message(404, 'Not Found')
      const text = await request.text()
      const order = orderSchema.safeParse(text === '' ? {} : decodedJson(text))
      if (!order.success) return message(400, 'Problems parsing JSON')
      const asked = order.data.permissions ?? levels(granted)
      if (Object.entries(asked).some(([name, level]) => level !== 'read' || !granted.includes(name))) return message(422, 'The permissions requested are not granted to this installation.')
      const token = `ghs_sandbox.${randomBytes(180).toString('base64url')}`
      const until = now() + hour
      tokens.set(sha256(token), { installationId: account.installationId, permissions: Object.keys(asked), until })
      return json({ token, expires_at: new Date(until).toISOString().replace('.000', ''), permissions: asked, repository_selection: 'all' }, 201)
    },

    find(token: string): InstallationToken | null {
      const found = tokens.get(sha256(token))
      return found && found.until > now() && isInstalled(found.installationId) ? found : null
    },
  }
}

const levels = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, 'read' as const]))

function decoded(part: string): unknown {
  return decodedJson(Buffer.from(part, 'base64url').toString())
}

function decodedJson(text: string): unknown {
  try { return JSON.parse(text) }
  catch { return undefined }
}
