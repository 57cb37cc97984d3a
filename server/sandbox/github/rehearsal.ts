import { createHmac, randomUUID } from 'node:crypto'
import { endlessLinks } from '../kit/endless'
import { expire, revoke } from '../kit/grant-actions'
import type { Grants } from '../kit/grants'
import { json, message } from './http'
import type { Rehearsal, Sandbox, SignedDelivery } from '../stand-in'
import { reachOf, withoutInstallation } from './subject'
import type { SandboxAccount } from './world/account'
import { signedIn } from './world'

interface Rehearsing {
  prefix: string
  /** Of the app: deliveries are signed with it. */
  webhookSecret: string
  grants: Grants
  accounts: readonly SandboxAccount[]
  now: () => number
  answer: Sandbox['fetch']
}

export function rehearsalOf({ prefix, webhookSecret, grants, accounts, now, answer }: Rehearsing): Rehearsal {
  const kindOf = (request: Request) => {
    const path = new URL(request.url).pathname.slice(prefix.length)
    if (path === '/login/oauth/authorize' || path.startsWith('/apps/')) return 'page'
    return path === '/login/oauth/access_token' ? 'token' : 'api'
  }

  return {
    kindOf,
    // The API's limit is a 403 with an epoch; the token endpoint's is a word, under 200.
    rateLimited: (request, seconds) => kindOf(request) === 'token'
      ? json({ error: 'slow_down', error_description: 'Too many requests have been made in the same timeframe.' })
      : message(403, `API rate limit exceeded for user ID ${signedIn.id}.`, {
          'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-used': '5000', 'x-ratelimit-resource': 'core', 'x-ratelimit-reset': String(Math.ceil(now() / 1000) + seconds),
        }),
    failed: () => message(502, 'Server Error'),
    // A list stands by itself, or as the one list of an object with a total.
    endless: request => endlessLinks(request, answer, body => Array.isArray(body) || (typeof body === 'object' && body !== null && 'total_count' in body)),
    asksConsent: true,
    grants: () => grants.list().map(({ id, subject, createdAt }) => {
      const reach = reachOf(subject, accounts)
      return {
        id, account: reach.accounts.map(account => account.login).join(', ') || signedIn.login, detail: reach.kind === 'app' ? `GitHub App, authorized by ${signedIn.login}` : `OAuth App, authorized by ${signedIn.login}`, since: createdAt,
        actions: [
          ...reach.kind === 'app' ? [expire(grants, id)] : [],
          revoke(grants, id),
          ...reach.kind === 'app' ? reach.accounts.map(account => ({ id: `uninstall:${account.installationId}`, label: `Uninstall from ${account.login}, and tell by webhook`, run: () => uninstall(account) })) : [],
        ],
      }
    }),
    endGrants: () => { grants.endAll() },
  }

  /** For everybody who sees that installation; they keep the others. */
  function uninstall(account: SandboxAccount): SignedDelivery {
    grants.rewrite(subject => withoutInstallation(subject, account.installationId, accounts))
    const body = JSON.stringify({
      action: 'deleted',
      installation: { id: account.installationId, account: { id: account.id, login: account.login, type: account.type } },
      sender: { id: signedIn.id, login: signedIn.login, type: 'User' },
    })
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    const signature = createHmac('sha256', webhookSecret).update(body).digest('hex')
    return { headers: { 'x-github-event': 'installation', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': `sha256=${signature}` }, body }
  }
}
