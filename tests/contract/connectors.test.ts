/** Every connector of the product, on its stand-in, by one contract. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOAuth, isRole } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { createSandboxes } from '#server/sandbox'
import { awsStandIn, type AwsSandbox } from '#server/sandbox/aws'
import { githubStandIn } from '#server/sandbox/github'
import { netlifyStandIn, type NetlifySandbox } from '#server/sandbox/netlify'
import { slackStandIn } from '#server/sandbox/slack'
import { supabaseStandIn } from '#server/sandbox/supabase'
import { vercelStandIn } from '#server/sandbox/vercel'
import { oauthContract } from './connectors/oauth.ts'
import type { Particulars } from './connectors/particulars.ts'
import { roleContract } from './connectors/role.ts'
import { openStage, type Stage } from './connectors/stage.ts'

const hmac = (algorithm: 'sha1' | 'sha256', key: string, ...parts: string[]) => parts.reduce((mac, part) => mac.update(part), createHmac(algorithm, key)).digest('hex')

const particulars: Readonly<Record<string, Particulars>> = {
  supabase: {
    standIn: supabaseStandIn,
    published: {
      documents: ['supabase-management.openapi.json'],
      undescribed: { 'GET /v1/organizations/kvtrzmwqyhxbncdlfgps/entitlements': 'not in the part of the document that is kept: https://supabase.com/docs/reference/api/v1-get-organization-entitlements' },
    },
    accounts: { first: {} },
    resources: { project: 2 },
    renews: ['main'],
    ended: null,
  },
  slack: {
    standIn: slackStandIn,
    published: {
      documents: ['slack-web-api.openapi.json'],
      // The types of the SDK, which posts everything.
      named: (_method, path) => ['POST', path.replace(/^\/api\//, '/')],
      withoutNulls: true,
      undescribed: {
        'GET /oauth/v2/authorize': 'a page: https://docs.slack.dev/authentication/installing-with-oauth',
        'GET /api/auth.teams.list': 'https://docs.slack.dev/reference/methods/auth.teams.list',
      },
    },
    accounts: { first: { account: 'T07BRGHTWTR0' }, other: { account: 'E08HALYARD00' } },
    resources: { workspace: 1 },
    renews: ['main', 'user'],
    ended: ({ accountId }, key, id) => {
      const body = JSON.stringify({ type: 'event_callback', event_id: id, enterprise_id: accountId, team_id: null, event: { type: 'app_uninstalled' } })
      const timestamp = String(Math.floor(Date.now() / 1000))
      return { headers: { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${hmac('sha256', key, `v0:${timestamp}:`, body)}` }, body }
    },
  },
  github: {
    standIn: githubStandIn,
    published: {
      documents: ['github.openapi.json'],
      undescribed: {
        'GET /apps/allyship-sandbox/installations/new': 'a page: https://docs.github.com/en/apps/using-github-apps/installing-a-github-app-from-a-third-party',
        'GET /login/oauth/authorize': 'a page: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app',
        'POST /login/oauth/access_token': 'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app',
        'GET /user/memberships/orgs/brightwater-labs': 'https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user',
        'POST /app/installations/71000001/access_tokens': 'https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app',
      },
    },
    accounts: { first: { installation: '71000001' }, other: { installation: '71000002' } },
    nowhere: { installation: 'none' },
    resources: { organization: 1, repository: 6 },
    renews: ['main'],
    ended: ({ accountId, facts }, key, id) => {
      const body = JSON.stringify({ action: 'deleted', installation: { id: Number(facts.installation_id), account: { id: Number(accountId) } } })
      return { headers: { 'x-github-event': 'installation', 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${hmac('sha256', key, body)}` }, body }
    },
  },
  vercel: {
    standIn: vercelStandIn,
    published: {
      documents: ['vercel-sdk.openapi.json', 'vercel.openapi.json'],
      undescribed: {
        'GET /integrations/allyship/new': 'a page: https://vercel.com/docs/integrations/create-integration/vercel-api-integrations',
        'POST /v2/oauth/access_token': 'https://vercel.com/docs/integrations/create-integration/vercel-api-integrations',
      },
    },
    accounts: { first: { account: 'team_3Rw9KfLbTz6XvQm1NhYc8GdJ' }, other: { account: 'usr_5Lm1PqWs7ZxCv3BnRt9Kj4Hf' } },
    resources: { project: 5, team: 1 },
    unanswered: {
      vercel_env_secrets_protected: 'the permission for variables is optional, and the stand-in\'s console does not grant it',
      vercel_env_production_isolated: 'the same permission',
    },
    renews: [],
    endsToken: async ({ url }, { accessToken, facts }) => {
      const answer = await fetch(`${url}/v1/integrations/configuration/${facts.installation_id}?teamId=${facts.team_id}`, { method: 'DELETE', headers: { authorization: `Bearer ${accessToken}` } })
      expect(answer.status).toBe(204)
    },
    ended: ({ accountId, facts }, key, id) => {
      const body = JSON.stringify({ id, type: 'integration-configuration.removed', createdAt: Date.now(), payload: { user: { id: accountId }, configuration: { id: facts.installation_id } } })
      return { headers: { 'x-vercel-signature': hmac('sha1', key, body) }, body }
    },
  },
  netlify: {
    standIn: netlifyStandIn,
    published: {
      documents: ['netlify.openapi.json'],
      withoutNulls: true,
      undescribed: {
        'GET /authorize': 'a page, which nobody describes',
        'POST /oauth/token': 'RFC 6749, as every public application of Netlify\'s makes it',
      },
    },
    accounts: { first: {} },
    resources: { account: 2, site: 5 },
    renews: [],
    endsToken: async ({ sandbox }) => (sandbox as NetlifySandbox).resetPassword(),
    ended: null,
  },
  aws: {
    standIn: awsStandIn,
    published: 'The requests are made, and the answers read, by AWS\'s own SDK from AWS\'s own models.',
    resources: { account: 1, region: 2 },
    sessionSeconds: 900,
    makeRole: (sandbox, { externalId }, lets) => lets === 'nobody'
      ? 'arn:aws:iam::123456789012:role/TrustsSomebodyElse'
      : (sandbox as AwsSandbox).roles.put({ accountId: '123456789012', externalId, trust: 'id', audit: true }).arn,
  },
}

let stage: Stage
beforeAll(async () => {
  stage = await openStage(allConnectors().flatMap((connector) => {
    const own = particulars[connector.id]
    return own ? [{ connector, standIn: own.standIn }] : []
  }))
})
afterAll(async () => { await stage?.close() })

it('has the particulars of every connector, and each has its stand-in in the product', () => {
  const ids = allConnectors().map(connector => connector.id)
  expect(Object.keys(particulars), 'To fix: add the new provider to the table in this file.').toEqual(ids)
  expect(createSandboxes({ origin: 'http://localhost:3000', directory: null }).providers).toEqual(ids)
})

describe.each(allConnectors().map(connector => [connector.id, connector] as const))('%s', (id, connector) => {
  const own = particulars[id]
  if (own && isOAuth(connector) && 'renews' in own) oauthContract(connector, own, () => stage)
  else if (own && isRole(connector) && 'makeRole' in own) roleContract(connector, own, () => stage)
  else it('has particulars', () => expect.fail('To fix: add the new provider to the table in this file.'))
})
