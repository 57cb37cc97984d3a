/**
 * A token endpoint with many grants, as strict as the strictest: a refresh token serves once, and one that comes a second time
 * ends its chain. A grant may hold several tokens (slots), each with a chain of its own. It has no consent page: whatever
 * code comes is good. Cheap enough for ten thousand grants.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { serveHttp } from './http-server.ts'

export interface Pair { accessToken: string, refreshToken: string }
interface Chain extends Pair { slot: string, ended: boolean }

export interface TokenCall {
  grantType: string
  refreshToken: string
  slot: string | null
  /** Null while unanswered, and for a connection that was torn. */
  status: number | null
}

export interface RotatingProvider {
  url: string
  /** What the app needs in its environment to use it as this connector. */
  env: (connectorId: string) => Record<string, string>
  /** Starts a chain, as an authorization does. */
  issue: (slot?: string) => Pair
  /** The pair that is good now, of the chain that this token belongs to. */
  current: (refreshToken: string) => Pair
  /** Ends the chain: the person withdrew the consent. */
  end: (refreshToken: string) => void
  tokenCalls: TokenCall[]
  /** Paths of the GETs that came. */
  reads: string[]
  /** Paths of the calls that end a grant. */
  revocations: string[]
  /** Fields that an answer with tokens has beside them. */
  grantFields: Record<string, unknown>
  /** Refresh tokens whose chains were ended from outside. */
  revoked: string[]
  /** The API takes no token, whatever the token endpoint says. */
  refusesReads: boolean
  /** Refresh tokens that came after they had served. */
  reused: () => number
  /** The most token calls that were open at once. */
  peak: () => number
  /** Instead of the right answer to a token call; null: the right one after all. `reset`: torn down. */
  fault: ((call: TokenCall) => Response | 'reset' | null) | null
  /** Instead of the right answer to a GET; null: the right one after all. */
  readFault: ((path: string) => Response | null | Promise<Response | null>) | null
  /** A token call waits for this before anything is done, or when the old token is spent and the answer not yet sent. */
  before: (() => Promise<void>) | null
  after: (() => Promise<void>) | null
  /** What a token call takes. */
  latencyMs: number
  close: () => Promise<void>
}

/** @param lifetimes seconds, by slot; more than one slot: an answer to a code brings them all, the others under `authed_user` */
export async function startRotatingProvider(lifetimes: Record<string, number> = { main: 3600 }): Promise<RotatingProvider> {
  const chains = new Map<string, Chain>()
  const accessTokens = new Map<string, Chain>()
  let reused = 0
  let open = 0
  let peak = 0

  function rotate(chain: Chain): Chain {
    accessTokens.delete(chain.accessToken)
    chain.accessToken = `at_${randomBytes(24).toString('base64url')}`
    chain.refreshToken = `rt_${randomBytes(24).toString('base64url')}`
    accessTokens.set(chain.accessToken, chain)
    chains.set(chain.refreshToken, chain)
    return chain
  }

  const issue = (slot = 'main') => ({ ...rotate({ accessToken: '', refreshToken: '', slot, ended: false }) })
  const answerOf = ({ accessToken, refreshToken, slot }: Pair & { slot: string }) =>
    ({ access_token: accessToken, refresh_token: refreshToken, expires_in: lifetimes[slot], token_type: 'Bearer' })

  function redeem(call: TokenCall): Response {
    if (call.grantType === 'authorization_code') {
      const [main, ...others] = Object.keys(lifetimes).map(slot => answerOf(issue(slot)))
      return Response.json({ ...main, ...(others[0] ? { authed_user: others[0] } : {}), ...provider.grantFields })
    }
    const chain = chains.get(call.refreshToken)
    if (!chain || chain.ended) return Response.json({ error: 'invalid_grant' }, { status: 400 })
    if (chain.refreshToken !== call.refreshToken) {
      reused += 1
      chain.ended = true
      accessTokens.delete(chain.accessToken)
      return Response.json({ error: 'invalid_grant', error_description: 'used before' }, { status: 400 })
    }
    return Response.json({ ...answerOf(rotate(chain)), ...provider.grantFields })
  }

  const provider: RotatingProvider = {
    url: '',
    env: (connectorId) => {
      const prefix = connectorId.toUpperCase()
      return { [`${prefix}_CLIENT_ID`]: randomUUID(), [`${prefix}_CLIENT_SECRET`]: randomUUID(), [`${prefix}_API_URL`]: provider.url, [`${prefix}_AUTH_URL`]: provider.url }
    },
    issue,
    current: (refreshToken) => {
      const chain = chains.get(refreshToken)
      if (!chain) throw new Error('There is no such chain')
      return { accessToken: chain.accessToken, refreshToken: chain.refreshToken }
    },
    end: (refreshToken) => {
      const chain = chains.get(refreshToken)
      if (!chain) throw new Error('There is no such chain')
      chain.ended = true
      accessTokens.delete(chain.accessToken)
    },
    tokenCalls: [],
    reads: [],
    revocations: [],
    grantFields: {},
    revoked: [],
    refusesReads: false,
    reused: () => reused,
    peak: () => peak,
    fault: null,
    readFault: null,
    before: null,
    after: null,
    latencyMs: 0,
    close: () => server.close(),
  }

  const server = await serveHttp(async (request, { outgoing }) => {
    const { pathname } = new URL(request.url)
    if (request.method === 'GET') {
      provider.reads.push(pathname)
      const fault = await provider.readFault?.(pathname)
      if (fault) return fault
      const bearer = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
      if (provider.refusesReads || !accessTokens.has(bearer)) return Response.json({ message: 'Unauthorized' }, { status: 401 })
      return Response.json(pathname === '/v1/projects' ? [{ ref: 'a'.repeat(20), name: 'Project', organization_slug: 'acme' }] : [{ slug: 'acme', name: 'Acme' }])
    }
    if (pathname.endsWith('/revoke')) {
      provider.revocations.push(pathname)
      const sent = await request.text()
      const { refresh_token: refreshToken } = (sent ? JSON.parse(sent) : {}) as { refresh_token?: string }
      if (refreshToken !== undefined) {
        provider.end(refreshToken)
        provider.revoked.push(refreshToken)
      }
      return new Response(null, { status: 204 })
    }
    const form = new URLSearchParams(await request.text())
    const refreshToken = form.get('refresh_token') ?? ''
    const call: TokenCall = { grantType: form.get('grant_type') ?? '', refreshToken, slot: chains.get(refreshToken)?.slot ?? null, status: null }
    provider.tokenCalls.push(call)
    peak = Math.max(peak, ++open)
    try {
      await provider.before?.()
      const fault = provider.fault?.(call) ?? null
      // Rotated when the call comes; the answer is what takes its time.
      const response = fault ?? redeem(call)
      if (provider.latencyMs > 0) await delay(provider.latencyMs)
      await provider.after?.()
      if (response === 'reset') {
        outgoing.socket?.resetAndDestroy()
        return null
      }
      call.status = response.status
      return response
    }
    finally {
      open -= 1
    }
  })
  provider.url = server.url
  return provider
}
