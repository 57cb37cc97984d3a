/**
 * Supabase's own OpenAPI document against both sides: every request that the connector makes, and every answer that the
 * sandbox gives to it.
 */
import type { ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { supabase } from '#server/connectors/supabase'
import * as endpoints from '#server/connectors/supabase/endpoints'
import { clientId, clientSecret, openSandbox, redirectUri, request, type Tokens } from '../unit/sandbox/supabase/browser'
import { object, pathValues, propertyNames, readDocument, type Operation } from './openapi'

const document = readDocument(new URL('../../../shared/specs/supabase-management.openapi.json', import.meta.url))
/** Not in the part of the document that is kept: https://supabase.com/docs/reference/api/v1-get-organization-entitlements */
const undescribed: readonly string[] = [endpoints.entitlements.id]
const all = Object.values(endpoints).filter(endpoint => !undescribed.includes(endpoint.id))
const project = (ref: string) => ({ kind: 'project', externalId: ref, name: '', metadata: { organization_slug: 'kvtrzmwqyhxbncdlfgps' } })
const refs = ['wmqzkfhvtnxcyrbdlgps', 'hjxvdqmtkzncwrfbyplg']

function operation(method: string, path: string): Operation {
  const found = document?.operation(method, path)
  if (!found) throw new Error(`Supabase's document has no ${method} ${path}`)
  return found
}

function faults(validate: ValidateFunction | null | undefined, value: unknown): string[] {
  if (!validate) throw new Error('The document describes no schema here')
  return validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
}

describe.skipIf(!document)('the connector\'s requests', () => {
  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s is an operation of the document, with its scope', (_id, endpoint) => {
    const path = endpoint.path(project(refs[0] ?? ''))
    const found = operation('GET', path)
    expect(found.scope).toBe(endpoint.scope)
    for (const [name, value] of Object.entries(pathValues(found.path, path))) expect(faults(found.pathParameters[name], value)).toEqual([])
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s reads fields that the document has', (_id, endpoint) => {
    const read = z.toJSONSchema(endpoint.schema, { io: 'input', unrepresentable: 'any' })
    const offered = propertyNames(operation('GET', endpoint.path(project(refs[0] ?? ''))).answerSchema, document?.resolve)
    expect([...propertyNames(read)].filter(name => !offered.has(name))).toEqual([])
  })

  it('are all in the document, but for those that are named', () => {
    for (const endpoint of Object.values(endpoints)) {
      expect(document?.operation('GET', endpoint.path(project(refs[0] ?? ''))) === undefined).toBe(undescribed.includes(endpoint.id))
    }
  })

  it('authorize with parameters of the document', () => {
    const { authorization } = supabase
    const { query } = operation('GET', authorization.authorizePath)
    const { parameters } = request({ code_challenge_method: authorization.pkce, ...authorization.pinAccount('kvtrzmwqyhxbncdlfgps') })
    for (const [name, value] of Object.entries(parameters)) {
      expect(Object.keys(query)).toContain(name)
      expect(faults(query[name], value)).toEqual([])
    }
    expect(authorization.scopeSeparator).toBeNull()
  })

  it.each([
    ['code', { grant_type: 'authorization_code', code: 'c', redirect_uri: redirectUri, code_verifier: 'v'.repeat(43) }],
    ['refresh token', { grant_type: 'refresh_token', refresh_token: 'r' }],
  ])('redeem a %s with fields of the document', (_name, fields) => {
    expect(faults(operation('POST', supabase.authorization.tokenPath).body['application/x-www-form-urlencoded'], fields)).toEqual([])
  })

  it('revoke with the body of the document', () => {
    const sent = supabase.authorization.revocation?.request({ clientId, clientSecret, accessToken: 'a', refreshToken: 'r' })
    const media = sent?.encoding === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'
    expect(faults(operation('POST', supabase.authorization.revocation?.path ?? '').body[media], sent?.body)).toEqual([])
  })
})

describe.skipIf(!document)('the sandbox\'s answers', () => {
  const browser = openSandbox()
  let tokens: Tokens

  beforeAll(async () => { tokens = await browser.connect() })

  const calls = all.flatMap(endpoint => refs.map(ref => endpoint.path(project(ref))))
  it.each([...new Set([...calls, ...refs.map(ref => `/v1/projects/${ref}`)])])('GET %s', async (path) => {
    const answer = await browser.get(path, tokens.access_token)
    expect(answer.status).toBe(200)
    expect(faults(operation('GET', path).answers[200], await answer.json())).toEqual([])
  })

  it('of what the plan offers, as its page shows them', async () => {
    const path = endpoints.entitlements.path(project(refs[0] ?? ''))
    const answer = await browser.get(path, tokens.access_token)
    expect(answer.status).toBe(200)
    const one = z.strictObject({ feature: z.strictObject({ key: z.string(), type: z.enum(['boolean', 'numeric', 'set']) }), hasAccess: z.boolean(), type: z.enum(['boolean', 'numeric', 'set']), config: z.looseObject({}) })
    expect(z.strictObject({ entitlements: z.array(one).nonempty() }).safeParse(await answer.json()).error).toBeUndefined()
  })

  it('of the token endpoint, for a code and for a refresh token', async () => {
    const { answers } = operation('POST', '/v1/oauth/token')
    const fresh = await browser.connect()
    expect(faults(answers[200], fresh)).toEqual([])
    const refreshed = await browser.refresh(fresh.refresh_token)
    expect(refreshed.status).toBe(200)
    const body: unknown = await refreshed.json()
    expect(faults(answers[200], body)).toEqual([])
    expect(supabase.authorization.tokenAnswer.safeParse(body).success).toBe(true)
  })

  it('to a revocation, with a status of the document', async () => {
    const fresh = await browser.connect()
    const sent = supabase.authorization.revocation?.request({ clientId, clientSecret, accessToken: fresh.access_token, refreshToken: fresh.refresh_token })
    const answer = await browser.revoke(sent?.body)
    expect(Object.keys(operation('POST', '/v1/oauth/revoke').answers)).toContain(String(answer.status))
  })

  it('would be caught if they strayed', async () => {
    const path = `/v1/projects/${refs[0]}/config/auth`
    const { smtp_pass: _, ...body } = object(await (await browser.get(path, tokens.access_token)).json())
    expect(faults(operation('GET', path).answers[200], body)).toHaveLength(1)
    expect(faults(operation('GET', path).answers[200], { ...body, smtp_pass: 1 })).not.toEqual([])
    expect(faults(operation('GET', path).answers[200], { ...body, smtp_pass: null })).toEqual([])
  })
})
