/**
 * Slack's own descriptions against both sides: every request that the connector makes, and every answer that the sandbox gives to
 * it. The current one is made of the types of Slack's SDK, where nearly everything is optional and a null is not foreseen: nulls
 * are left out before an answer is compared. The archived one (2020) adds what the parameters of a GET may be.
 */
import type { ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Endpoint, ResourceDescription } from '#server/connectors/contract'
import { slack } from '#server/connectors/slack'
import * as endpoints from '#server/connectors/slack/endpoints'
import { brightwater, clientId, clientSecret, halyard, openSandbox, type Granted } from '../unit/sandbox/slack/browser'
import { object, propertyNames, readDocument, type Operation } from './openapi'

const specs = new URL('../../../shared/specs/', import.meta.url)
const current = readDocument(new URL('slack-web-api.openapi.json', specs))
const archived = readDocument(new URL('slack.openapi.json', specs))
const all: readonly Endpoint[] = Object.values(endpoints)
const workspace = (externalId: string): ResourceDescription => ({ kind: 'workspace', externalId, name: '', metadata: {} })
const alone = workspace(brightwater)

/** Methods that neither description has, and where they stand. */
const undescribed: Readonly<Record<string, string>> = {
  'auth.teams.list': 'https://docs.slack.dev/reference/methods/auth.teams.list: cursor and limit (1000 at most) in, teams[] of id and name out',
}

/** Fields that the description lacks, and where they stand. Absent ones cost nobody a pass. */
const beyond: Readonly<Record<string, readonly string[]>> = {
  // https://docs.slack.dev/reference/objects/user-object
  members: ['is_stranger'],
  members_as_admin: ['is_stranger'],
}

const methodOf = (path: string) => (path.split('?')[0] ?? '').replace('/api/', '')

function operation(method: string): Operation {
  const found = current?.operation('POST', `/${method}`)
  if (!found) throw new Error(`The description has no ${method}`)
  return found
}

/** To where references end. */
function follow(schema: unknown): ReturnType<typeof object> {
  const found = current?.resolve(schema) ?? {}
  return typeof found.$ref === 'string' ? follow(found) : found
}

/** The names of a method's arguments: the document calls `users.list`'s `users_list__req_UsersListArguments`. */
function argumentsOf(method: string): Set<string> {
  const words = method.split('.').map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  const names = propertyNames({ $ref: `#/components/schemas/${method.replaceAll('.', '_')}__req_${words}Arguments` }, follow)
  if (names.size === 0) throw new Error(`The description names no argument of ${method}`)
  return names
}

function faults(validate: ValidateFunction | null | undefined, value: unknown): string[] {
  if (!validate) throw new Error('The document describes no schema here')
  return validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
}

/** Slack's examples have nulls that its types have not: `team` of an organization's grant. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== null).map(([name, child]) => [name, withoutNulls(child)]))
}

const described = all.filter(endpoint => !Object.hasOwn(undescribed, methodOf(endpoint.path(alone, {}))))

it.skipIf(!current)('every method is described, or listed with the page that does', () => {
  const methods = new Set(all.map(endpoint => methodOf(endpoint.path(alone, {}))))
  expect([...methods].filter(method => !current?.operation('POST', `/${method}`))).toEqual(Object.keys(undescribed))
})

describe.skipIf(!current || !archived)('the connector\'s requests', () => {
  it.each(described.map(endpoint => [endpoint.id, endpoint] as const))('%s asks with arguments of the method', (_id, endpoint) => {
    const path = endpoint.path(alone, {})
    const method = methodOf(path)
    const known = argumentsOf(method)
    const old = archived?.operation('GET', `/api/${method}`)?.query ?? {}
    const paged = endpoint.paging ? { cursor: 'dXNlcjpVMDYxTkZUVDI=' } : {}
    for (const [name, value] of [...new URLSearchParams(path.split('?')[1]), ...Object.entries(paged)]) {
      expect([...known]).toContain(name)
      if (old[name]) expect(faults(old[name], value)).toEqual([])
    }
  })

  it.each(described.map(endpoint => [endpoint.id, endpoint] as const))('%s reads fields that the answer has, or that are explained', (id, endpoint) => {
    const read = propertyNames(z.toJSONSchema(endpoint.schema, { io: 'input', unrepresentable: 'any' }))
    const offered = propertyNames(operation(methodOf(endpoint.path(alone, {}))).answerSchema, follow)
    expect([...read].filter(name => !offered.has(name))).toEqual(beyond[id] ?? [])
  })

  it.each([
    ['code', { grant_type: 'authorization_code', code: 'c', redirect_uri: 'https://app.example/cb' }],
    ['refresh token', { grant_type: 'refresh_token', refresh_token: 'r' }],
  ])('redeem a %s with fields of the method', (_name, fields) => {
    // Slack prefers the two in the header, and the description knows them in the form only.
    expect(faults(operation(methodOf(slack.authorization.tokenPath)).body['application/x-www-form-urlencoded'], { ...fields, client_id: clientId, client_secret: clientSecret })).toEqual([])
  })

  it('revoke with a method of the description, and nothing but the token', () => {
    const { path, request } = slack.authorization.revocation
    const sent = request()
    expect(faults(operation(methodOf(path)).body['application/x-www-form-urlencoded'], sent.body)).toEqual([])
    expect(sent).toEqual({ encoding: 'form', body: {}, authorization: 'bearer' })
  })
})

describe.skipIf(!current || !archived)('the sandbox\'s answers', () => {
  const browser = openSandbox()
  const grants: Record<string, Granted> = {}

  beforeAll(async () => {
    for (const account of [brightwater, halyard]) grants[account] = await browser.connect(account)
  })

  const cases = [[brightwater, brightwater], [halyard, 'T08HALYRDENG'], [halyard, 'T08HALYRDCOM']] as const
  it.each(cases.flatMap(([account, team]) => described.map(endpoint => [endpoint.id, team, account, endpoint] as const)))('%s of %s', async (_id, team, account, endpoint) => {
    const grant = grants[account]
    const path = endpoint.path(workspace(team), {})
    const body = await browser.call(path, (endpoint.slot === 'user' ? grant?.authed_user.access_token : grant?.access_token) ?? '')
    expect(faults(operation(methodOf(path)).answers[200], withoutNulls(body))).toEqual([])
    // An organization's token cannot ask for preferences: that is what it is told.
    if (body.ok !== true) expect([account, body.error]).toEqual([halyard, 'invalid_team'])
    else expect(endpoint.schema.safeParse(body).success).toBe(true)
  })

  it.each([brightwater, halyard])('of the token endpoint for %s, for a code and for both refresh tokens', async (account) => {
    const { answers } = operation('oauth.v2.access')
    const exchanged = await browser.exchange(account)
    expect(faults(answers[200], withoutNulls(exchanged))).toEqual([])
    expect(slack.authorization.tokenAnswer.safeParse(exchanged).success).toBe(true)
    const { refresh_token, authed_user } = await browser.connect(account)
    for (const token of [refresh_token, authed_user.refresh_token]) {
      const body: unknown = await (await browser.refresh(token)).json()
      expect(faults(answers[200], withoutNulls(body))).toEqual([])
      expect(slack.authorization.tokenAnswer.safeParse(body).success).toBe(true)
    }
  })

  it('to a revocation, by both descriptions', async () => {
    const { access_token } = await browser.connect()
    const body = await browser.revoke(access_token)
    expect(faults(operation('auth.revoke').answers[200], body)).toEqual([])
    expect(faults(archived?.operation('GET', '/api/auth.revoke')?.answers[200], body)).toEqual([])
    expect(faults(archived?.operation('GET', '/api/auth.revoke')?.answers.default, await browser.revoke(access_token))).toEqual([])
  })

  it('would be caught if they strayed', async () => {
    const body = object(await browser.call('/api/team.preferences.list', grants[brightwater]?.access_token ?? ''))
    const { answers } = operation('team.preferences.list')
    expect(faults(answers[200], { ...body, msg_edit_window_mins: 'never' })).toHaveLength(1)
    expect(faults(answers[200], { ...body, ok: undefined })).toHaveLength(1)
  })
})
