import { createHmac, randomBytes } from 'node:crypto'
import { endlessBody } from '../kit/endless'
import { expire, revoke } from '../kit/grant-actions'
import type { Grants } from '../kit/grants'
import { isForm } from '../kit/http'
import type { Rehearsal, Sandbox, SignedDelivery } from '../stand-in'
import { accountOf } from './accounts'
import type { SandboxAccount } from './accounts/account'
import { no } from './http'
import { installationOf } from './installation'

/** @param signingSecret of the app, with which deliveries are signed */
export function rehearsalOf(prefix: string, signingSecret: string, grants: Grants, now: () => number, answer: Sandbox['fetch']): Rehearsal {
  return {
    kindOf: (request) => {
      const path = new URL(request.url).pathname.slice(prefix.length)
      if (path === '/oauth/v2/authorize') return 'page'
      return path === '/api/oauth.v2.access' ? 'token' : 'api'
    },
    rateLimited: (_request, seconds) => no('ratelimited', {}, 429, { 'retry-after': String(seconds) }),
    // 200, as everything there.
    failed: () => no('internal_error'),
    endless: request => endless(request, answer),
    asksConsent: true,
    grants: () => grants.list().flatMap(({ id, subject, createdAt }) => {
      const account = accountOf(subject)
      if (!account) return []
      const { botScopes, userScopes } = installationOf(subject)
      return [{
        id, account: account.name, detail: `${account.kind === 'organization' ? 'Organization' : 'Workspace'}, ${botScopes.length + userScopes.length} permissions`, since: createdAt,
        actions: [
          expire(grants, id),
          revoke(grants, id),
          { id: 'uninstall', label: 'Uninstall, and tell by webhook', run: () => uninstall(account, { is_enterprise_install: account.kind === 'organization' }) },
          ...account.kind === 'organization' ? [{ id: 'uninstall_unclear', label: 'Uninstall, and do not tell whether from the organization or a workspace', run: () => uninstall(account, {}) }] : [],
        ],
      }]
    }),
    endGrants: () => { grants.endAll() },
  }

  /**
   * For everybody who connected it there. An organization's delivery names one of its workspaces as well.
   * @param saying which of the two is meant, if it does
   */
  function uninstall(account: SandboxAccount, saying: { is_enterprise_install?: boolean }): SignedDelivery {
    grants.endAll(subject => installationOf(subject).accountId === account.id)
    const seconds = Math.floor(now() / 1000)
    const body = JSON.stringify({
      type: 'event_callback', api_app_id: 'A0ALLYSHIP00', event_id: `Ev${randomBytes(6).toString('hex').toUpperCase()}`, event_time: seconds,
      team_id: account.workspaces[0]?.id ?? null, enterprise_id: account.kind === 'organization' ? account.id : null, ...saying,
      event: { type: 'app_uninstalled' },
    })
    // https://docs.slack.dev/authentication/verifying-requests-from-slack
    const signature = createHmac('sha256', signingSecret).update(`v0:${seconds}:${body}`).digest('hex')
    return { headers: { 'x-slack-request-timestamp': String(seconds), 'x-slack-signature': `v0=${signature}` }, body }
  }
}

/** The cursor of a page that there is not stands for the first page and its number. */
async function endless(request: Request, answer: Sandbox['fetch']): Promise<Response> {
  const url = new URL(request.url)
  const form = isForm(request) ? new URLSearchParams(await request.text()) : null
  const asked = Number(/^endless:(\d{1,9})$/.exec((form ?? url.searchParams).get('cursor') ?? '')?.[1] ?? 0)
  url.searchParams.delete('cursor')
  form?.delete('cursor')
  const first = new Request(url, { method: request.method, headers: request.headers, ...form && { body: form.toString() } })
  return endlessBody(await answer(first), body => 'response_metadata' in body ? { ...body, response_metadata: { next_cursor: `endless:${asked + 1}` } } : null)
}
