/**
 * An organization of many workspaces: connected within the limits that Slack documents, while somebody waits for it, and ended by
 * what Slack tells of it, which names a workspace as well.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { slack } from '#server/connectors/slack'
import { applyDeliveries } from '#server/integrations/deliveries'
import { createSlackSandbox, slackStandIn } from '#server/sandbox/slack'
import { expectStatus, type ApiClient } from '../support/client.ts'
import { consent } from '../support/consent.ts'
import { openStage, type Stage } from './connectors/stage.ts'

/** https://docs.slack.dev/apis/web-api/rate-limits, and the tier on each method's page. */
const requestsPerMinute = { 'auth.teams.list': 20, 'team.info': 50, 'users.list': 20, 'conversations.list': 20, 'team.preferences.list': 50 }
const organization = 'E08HALYARD00'

let stage: Stage
beforeAll(async () => {
  // Two stand there anyway.
  stage = await openStage([{ connector: slack, standIn: { ...slackStandIn, create: options => createSlackSandbox({ ...options, requestsPerMinute, moreWorkspaces: 118 }) } }])
})
afterAll(() => stage?.close())

/** @returns where it landed */
async function connect(owner: ApiClient): Promise<string> {
  const login = await owner.get('/api/auth/slack/login')
  const back = new URL(await consent(login.location ?? '', 'approve', { account: organization }))
  return (await owner.get(back.pathname + back.search)).location ?? ''
}

it('stores all 120 by one list, and asks about none of them on the way', async () => {
  const landed = await connect(await stage.person())
  expect(landed).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)

  const resources = await stage.rooms.sql<{ external_id: string, name: string, metadata: object }>(
    'select external_id, name, metadata from public.integration_resources where integration_id = $1', [landed.split('/').at(-1)])
  expect(new Set(resources.map(one => one.external_id)).size).toBe(120)
  expect(resources.find(one => one.external_id === 'T08HALYRDENG')).toMatchObject({ name: 'Halyard Engineering', metadata: { enterprise_id: organization, install: 'organization' } })
  const methods = stage.standIn(slack).exchanges.map(one => one.path)
  expect(methods.filter(path => path === '/api/team.info')).toEqual([])
  // A page of the stand-in has 20.
  expect(methods.filter(path => path === '/api/auth.teams.list')).toHaveLength(6)
})

it.each([
  ['ends it where Slack says that it is the organization\'s', 'uninstall', { status: 'error', last_error: { code: 'uninstalled' } }],
  ['has it looked at where Slack says neither', 'uninstall_unclear', { status: 'error', last_error: { code: 'grant_rejected' } }],
])('a removal %s', async (_, action, expected) => {
  const owner = await stage.person()
  const id = (await connect(owner)).split('/').at(-1) ?? ''
  // The scan that connecting began, which has not run: it sees all that is told until it begins.
  await stage.rooms.sql('delete from public.assessments')
  const told = stage.standIn(slack).sandbox.rehearsal?.grants().flatMap(grant => grant.actions).find(one => one.id === action)?.run()
  expect(JSON.parse(told?.body ?? '')).toMatchObject({ team_id: 'T08HALYRDENG', enterprise_id: organization })
  expectStatus(await owner.call('POST', '/api/webhooks/slack', { ...told, headers: { 'content-type': 'application/json', ...told?.headers }, origin: null }), 202)
  await applyDeliveries('slack', false)
  if (action === 'uninstall_unclear') {
    expect(await stage.rooms.sql('select trigger from public.assessments where integration_id = $1', [id])).toEqual([{ trigger: 'webhook' }])
    await stage.scan(owner, id)
  }
  expect(await stage.integrations(owner)).toMatchObject([{ id, ...expected }])
})
