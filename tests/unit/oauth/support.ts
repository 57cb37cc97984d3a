import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { Connector, OAuth2 } from '#server/connectors/contract'
import type { OAuthClient } from '#server/oauth/client'

export interface Received { method: string, url: string, headers: IncomingMessage['headers'], body: string }
export type Handler = (request: Received, response: ServerResponse) => void

/** A provider over real HTTP on this machine; it answers what the test says and keeps what it was asked. */
export async function startServer(first: Handler = (_, response) => void response.end('{}')) {
  const received: Received[] = []
  let handler = first
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => { body += chunk }).on('end', () => {
      const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      received.push(call)
      handler(call, response)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answer(next: Handler) { handler = next },
    /** Answers every call with this status and body. */
    reply(status: number, body: unknown = {}, headers: Record<string, string> = {}) {
      handler = (_, response) => void response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const tokenAnswer: OAuth2['tokenAnswer'] = z.object({ access_token: z.string(), refresh_token: z.string().optional(), expires_in: z.number().optional() })
  .transform(answer => ({ accessToken: answer.access_token, refreshToken: answer.refresh_token, expiresIn: answer.expires_in }))

/** A connector that is nobody's: the verbs may not know the real ones. */
export function connectorWith(authorization: Partial<OAuth2> = {}): Connector {
  return {
    id: 'example', name: 'Example', description: '', brand: { icon: '', connectLabel: '' }, hosts: { api: 'https://api.example' },
    authorization: {
      kind: 'oauth2', authorizePath: '/oauth/authorize', tokenPath: '/oauth/token', pkce: 'S256', clientAuthentication: 'basic',
      scopes: [{ name: 'read:a', reason: '' }, { name: 'read:b', reason: '' }], scopeSeparator: ' ', tokenAnswer, revocation: null,
      manualRevocationUrl: 'https://example/apps', ...authorization,
    },
    setup: { steps: [], url: '' }, secrets: ['access_token', 'refresh_token'], accountKind: 'account', discovery: [], account: async () => ({ id: 'a', name: 'A' }),
    async* resources() {}, unavailable: () => null, checks: [], defaultChecks: [], defaultSchedule: '0 3 * * *', retryAfter: () => null,
  }
}

export function clientAt(base: string, authorization: Partial<OAuth2> = {}): OAuthClient {
  return {
    connector: connectorWith(authorization), clientId: 'client id:1', clientSecret: 'sécret+/%', apiBase: base, authBase: base,
    redirectUri: 'https://app.example/api/auth/example/callback', settings: {}, fetch,
  }
}

/** Everything that an error would show, causes and all. */
export function everythingIn(error: unknown): string {
  const seen: string[] = []
  for (let item = error; item instanceof Error && seen.length < 10; item = item.cause) seen.push(item.name, item.message, item.stack ?? '', JSON.stringify(item))
  return seen.join('\n')
}
