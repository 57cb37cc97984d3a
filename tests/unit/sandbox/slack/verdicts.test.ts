/** What a newcomer sees after the first scan of the sandbox: through the reader that a scan uses, each token for its calls. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiReader, ResourceDescription } from '#server/connectors/contract'
import { slack } from '#server/connectors/slack'
import { createApiReader } from '#server/oauth/http'
import { evaluate } from '#server/scanner/evaluate'
import { sharedReader } from '#server/scanner/reader'
import { clock } from '../supabase/browser'
import { baseUrl, brightwater, halyard, openSandbox } from './browser'

const expected: Record<string, Record<string, Record<string, string>>> = {
  [brightwater]: {
    'Brightwater Labs': {
      slack_members_2fa: 'fail',
      slack_admins_2fa: 'pass',
      slack_emails_confirmed: 'pass',
      slack_admin_count: 'pass',
      slack_guest_inventory: 'pass',
      slack_sign_up_closed: 'pass',
      slack_external_channels: 'fail',
      slack_pending_shares: 'pass',
      slack_message_integrity: 'fail',
      slack_general_posting: 'pass',
    },
  },
  [halyard]: {
    'Halyard Engineering': {
      slack_members_2fa: 'not_applicable',
      slack_admins_2fa: 'not_applicable',
      slack_emails_confirmed: 'pass',
      slack_admin_count: 'fail',
      slack_guest_inventory: 'not_applicable',
      slack_sign_up_closed: 'pass',
      slack_external_channels: 'pass',
      slack_pending_shares: 'fail',
      slack_message_integrity: 'error',
      slack_general_posting: 'error',
    },
    'Halyard Community': {
      slack_members_2fa: 'fail',
      slack_admins_2fa: 'fail',
      slack_emails_confirmed: 'fail',
      slack_admin_count: 'fail',
      slack_guest_inventory: 'fail',
      slack_sign_up_closed: 'fail',
      slack_external_channels: 'fail',
      slack_pending_shares: 'pass',
      slack_message_integrity: 'error',
      slack_general_posting: 'error',
    },
  },
}

describe.each([[brightwater, 'Brightwater Labs'], [halyard, 'Halyard Group']])('%s', (account, name) => {
  const time = clock()
  let api: ApiReader
  let workspaces: ResourceDescription[]

  beforeAll(async () => {
    const browser = openSandbox({ now: time.now })
    const { access_token, authed_user } = await browser.connect(account)
    const { retryAfter, refusal } = slack
    const accessToken = {
      token: (slot: string | undefined) => slot === 'user' ? authed_user.access_token : access_token,
      answered: () => {},
      replace: (_slot: string | undefined, _token: string, cause: Error) => Promise.reject(cause),
    }
    api = sharedReader(createApiReader({ base: baseUrl, accessToken, fetch: async (...call) => browser.sandbox.fetch(new Request(...call)), retryAfter, refusal }))
    workspaces = await Array.fromAsync(slack.resources(api))
  })

  it('is the account that was chosen, with its workspaces', async () => {
    expect(await slack.account(api)).toEqual({ id: account, name })
    expect(workspaces.map(one => one.name)).toEqual(Object.keys(expected[account] ?? {}))
  })

  it.each(Object.keys(expected[account] ?? {}))('%s', async (workspaceName) => {
    const resource = workspaces.find(one => one.name === workspaceName)
    if (!resource) throw new Error(`${workspaceName} is not listed`)
    const verdicts = await Promise.all(slack.checks.map(async (check) => {
      const evaluation = await evaluate(slack, check, resource, api, [], new Date(time.now()))
      expect(JSON.stringify(evaluation)).not.toContain('nobody-may-keep')
      return [check.id, evaluation.verdict]
    }))
    expect(Object.fromEntries(verdicts)).toEqual(expected[account]?.[workspaceName])
  })
})

it('shows at least one critical failure', () => {
  const failing = slack.checks.filter(check => expected[halyard]?.['Halyard Community']?.[check.id] === 'fail')
  expect(failing.map(check => check.severity)).toContain('critical')
})
