/** A stateful, strict stand-in of GitLab's OAuth and of the calls of its API that the connector makes. */
import { randomBytes } from 'node:crypto'
import { openGrants } from '../kit/grants'
import type { Sandbox, StandIn, StandInOptions } from '../stand-in'
import { read } from './api'
import { authorize } from './authorize'
import { revoke, token } from './token'

/** @throws Error when the stored state is damaged */
function createGitlabSandbox(options: StandInOptions): Sandbox {
  const { now = Date.now, baseUrl, store } = options
  const grants = openGrants({ provider: 'GitLab', store, now, lifetimeSeconds: 7200, endsOldAccessToken: true })
  const prefix = new URL(baseUrl).pathname.replace(/\/$/, '')

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : ''
    switch (path) {
      case '/oauth/authorize': return authorize(request, pathname, options, grants)
      case '/oauth/token': return token(request, options, grants, now)
      case '/oauth/revoke': return revoke(request, options, grants)
      default: return read(request, path, grants)
    }
  }

  // A fault may read the body, which the answer then needs once more.
  return { fetch: async request => await options.faults?.(request.clone()) ?? answer(request) }
}

export const gitlabStandIn: StandIn = {
  register: () => ({ clientId: randomBytes(32).toString('hex'), clientSecret: `gloas-${randomBytes(32).toString('hex')}` }),
  create: createGitlabSandbox,
}
