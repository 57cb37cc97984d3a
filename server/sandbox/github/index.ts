/**
 * A stateful, strict stand-in of GitHub: its authorization server and the part of its REST API that reads. It follows
 * https://docs.github.com and is stricter where that is lenient: state and PKCE are required, and a code or refresh token that
 * comes twice ends its grant.
 */
import { randomBytes } from 'node:crypto'
import { openGrants } from '../kit/grants'
import type { Sandbox, StandIn } from '../stand-in'
import { answerRead } from './api'
import { answerConsent, showConsent } from './authorize'
import type { Start } from './consent'
import { message } from './http'
import { newPrivateKey, openInstallationTokens } from './installation-token'
import { appSlug, type GithubSandboxOptions } from './options'
import { rateLimit } from './rate-limit'
import { rehearsalOf } from './rehearsal'
import { answerRevoke } from './revoke'
import { answerToken } from './token'
import { openVisits } from './visits'
import { accountsWith } from './world'

export type { GithubSandboxOptions } from './options'

/** @throws Error when the stored state is damaged */
export function createGithubSandbox(options: GithubSandboxOptions): Sandbox {
  const now = options.now ?? Date.now
  const app = options.application !== 'oauth_app'
  const grants = openGrants({
    provider: 'GitHub',
    store: options.store,
    now,
    lifetimeSeconds: app ? options.accessTokenLifetimeSeconds ?? 28_800 : null,
    prefixes: () => ({ access: app ? 'ghu_sandbox' : 'gho_sandbox', refresh: 'ghr_sandbox' }),
    endsOldAccessToken: true,
  })
  const accounts = accountsWith(options.moreRepositories ?? 0)
  const visits = openVisits(options.baseUrl, now)
  const installationTokens = openInstallationTokens(options, accounts, grants, now)
  const context = { grants, installationTokens, options, accounts, count: rateLimit(options.requestsPerHour ?? 100_000, now) }
  const prefix = new URL(options.baseUrl).pathname.replace(/\/$/, '')
  const starts: Readonly<Record<string, Start>> = { '/login/oauth/authorize': 'authorize', ...(app && { [`/apps/${appSlug}/installations/new`]: 'install' }) }

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith(`${prefix}/`)) return message(404, 'Not Found')
    const path = pathname.slice(prefix.length)
    const start = Object.hasOwn(starts, path) ? starts[path] : undefined
    if (start) {
      if (request.method === 'GET') return showConsent(request, pathname, start, options, grants, visits)
      return request.method === 'POST' ? answerConsent(request, start, options, grants, visits) : message(404, 'Not Found')
    }
    if (path === '/login/oauth/access_token') return request.method === 'POST' ? answerToken(request, options, grants) : message(404, 'Not Found')
    const minted = app && request.method === 'POST' ? /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path)?.[1] : undefined
    if (minted !== undefined) return installationTokens.answer(request, minted)
    if (app && request.method === 'GET' && path === '/app') return installationTokens.app(request)
    if (/^\/(?:apps|login)\//.test(path)) return message(404, 'Not Found')
    const revoked = /^\/applications\/([^/]+)\/token$/.exec(path)?.[1]
    return revoked === undefined ? answerRead(request, path, context) : answerRevoke(request, revoked, options, grants)
  }

  // A fault may read the body, which the answer then needs once more.
  return {
    fetch: async request => await options.faults?.(request.clone()) ?? answer(request),
    rehearsal: rehearsalOf({ prefix, webhookSecret: options.settings?.WEBHOOK_SECRET ?? '', grants, accounts: context.accounts, now, answer }),
  }
}

export const githubStandIn: StandIn = {
  register: () => ({
    clientId: `Iv1.${randomBytes(8).toString('hex')}`,
    clientSecret: randomBytes(20).toString('hex'),
    settings: { APP_SLUG: appSlug, PRIVATE_KEY: newPrivateKey(), WEBHOOK_SECRET: randomBytes(32).toString('hex') },
  }),
  create: createGithubSandbox,
}
