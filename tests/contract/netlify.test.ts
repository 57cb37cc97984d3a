/**
 * Netlify's own Swagger document against both sides: every request that the connector makes, and every answer that the sandbox
 * gives to it. The document does not say which fields may be null, and the API answers null for whatever is not set, so nulls
 * are left out before an answer is compared.
 */
import type { ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Endpoint, ResourceDescription } from '#server/connectors/contract'
import { netlify } from '#server/connectors/netlify'
import * as exported from '#server/connectors/netlify/endpoints'
import { openSandbox, type Tokens } from '../unit/sandbox/netlify/browser'
import { object, pathValues, propertyNames, readDocument, type Operation } from './openapi'

const document = readDocument(new URL('../../../shared/specs/netlify.openapi.json', import.meta.url))
const { scope: _, ...endpoints } = exported
const all: Endpoint[] = Object.values(endpoints)

const team = (id: string, slug: string): ResourceDescription => ({ kind: 'account', externalId: id, name: '', metadata: { slug } })
const site = (id: string, account: string): ResourceDescription => ({ kind: 'site', externalId: id, name: '', metadata: { account_id: account, slug: 'brightwater-labs' } })
const brightwater = team('64b1f0c2d3e4f5a607182930', 'brightwater-labs')
const harborline = team('6501a9b8c7d6e5f4a3b2c1d0', 'harborline-studio')
const www = site('3f9a1c2e-5b7d-4e8f-9a0b-1c2d3e4f5a6b', brightwater.externalId)
const sites = [
  www,
  ...['7c4e2b90-1a3d-4f6e-8b5c-9d0e1f2a3b4c', 'b8d6f4a2-0c1e-4a3b-9c5d-7e8f9a0b1c2d'].map(id => site(id, brightwater.externalId)),
  ...['d2e4f6a8-9b0c-4d1e-8f3a-5b6c7d8e9f0a', 'e5f7a9b1-2c3d-4e5f-8a6b-7c8d9e0f1a2b'].map(id => site(id, harborline.externalId)),
]

/** Fields that the document lacks, and where they stand instead. Absent ones cost a check its pass, nothing more. */
const beyond: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'models of Netlify\'s own Terraform provider': {
    site: ['password_context', 'sso_login', 'sso_login_context', 'untrusted_flow'],
    certificate: ['renewal_error_message'],
  },
  'answers of the API, by those who read it for inventories (cartography, mql)': {
    accounts: ['enforce_mfa', 'enforce_saml', 'has_site_password', 'site_password_context'],
    sites: ['disabled'],
    site: ['has_password', 'account_sso_login', 'account_sso_login_context'],
    members: ['mfa_enabled', 'pending', 'managed_by_directory_sync', 'last_activity_date', 'created_at'],
  },
  'hook `data` is an object of any fields in the document': { hooks: ['url', 'signature_secret'] },
}

/** Calls of the OAuth flow that no document describes: RFC 6749, as every public application of Netlify's makes them. */
const undescribed = [['GET', netlify.authorization.authorizePath], ['POST', netlify.authorization.tokenPath]] as const

function operation(method: string, path: string): Operation {
  const found = document?.operation(method, path.split('?')[0] ?? '')
  if (!found) throw new Error(`Netlify's document has no ${method} ${path}`)
  return found
}

function faults(validate: ValidateFunction | null | undefined, value: unknown): string[] {
  if (!validate) throw new Error('The document describes no schema here')
  return validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
}

const ofTeams: readonly Endpoint[] = [endpoints.members, endpoints.auditLog]
const ofBoth: readonly Endpoint[] = [endpoints.variables]
const pick = <T>(endpoint: Endpoint, bySite: readonly T[], byTeam: readonly T[]): readonly T[] =>
  ofBoth.includes(endpoint) ? [...bySite, ...byTeam] : ofTeams.includes(endpoint) ? byTeam : bySite

describe.skipIf(!document)('the connector\'s requests', () => {
  it.each(all.flatMap(endpoint => pick(endpoint, [www], [brightwater]).map(resource => [endpoint.id, resource.kind, endpoint.path(resource, {})] as const)))('%s of a %s is an operation of the document', (_id, _kind, path) => {
    const found = operation('GET', path)
    for (const [name, value] of Object.entries(pathValues(found.path, path.split('?')[0] ?? ''))) {
      if (found.pathParameters[name]) expect(faults(found.pathParameters[name], value)).toEqual([])
    }
    for (const [name, value] of new URLSearchParams(path.split('?')[1])) {
      expect(Object.keys(found.query)).toContain(name)
      expect(faults(found.query[name], value)).toEqual([])
    }
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s reads fields that the document has, or that are explained', (id, endpoint) => {
    const read = propertyNames(z.toJSONSchema(endpoint.schema, { io: 'input', unrepresentable: 'any' }))
    const offered = propertyNames(operation('GET', endpoint.path(ofTeams.includes(endpoint) ? brightwater : www, {})).answerSchema, document?.resolve)
    const explained = Object.values(beyond).flatMap(fields => fields[id] ?? [])
    expect([...read].filter(name => !offered.has(name)).sort()).toEqual([...explained].sort())
  })

  it('name no other operation, but for the two that the document does not have', () => {
    for (const [method, path] of undescribed) expect(document?.operation(method, path)).toBeUndefined()
    expect(document?.paths.filter(([method]) => method !== 'GET').map(([, path]) => path).filter(path => !path.includes('/oauth/tickets'))).toEqual([])
  })
})

describe.skipIf(!document)('the sandbox\'s answers', () => {
  const browser = openSandbox()
  let tokens: Tokens

  beforeAll(async () => { tokens = await browser.connect() })

  const paths = all.flatMap(endpoint => pick(endpoint, sites, [brightwater, harborline]).map(resource => endpoint.path(resource, {})))
  it.each([...new Set(paths)])('GET %s', async (path) => {
    const answer = await browser.get(path, tokens.access_token)
    const { answers } = operation('GET', path)
    const body: unknown = await answer.json()
    // `null` is how the API says that there is no certificate.
    if (answer.status === 200 && path.endsWith('/ssl') && body === null) return
    expect(faults(answers[answer.status] ?? answers.default, withoutNulls(body))).toEqual([])
    expect([200, 403]).toContain(answer.status)
  })

  it('when it refuses, as the document has errors', async () => {
    const { answers } = operation('GET', '/api/v1/user')
    for (const answer of [await browser.get('/api/v1/user', 'unknown'), await browser.get('/api/v1/user?x=1', tokens.access_token)]) {
      expect(faults(answers.default, await answer.json())).toEqual([])
    }
  })

  it('would be caught if they strayed', async () => {
    const { answers } = operation('GET', '/api/v1/user')
    const body = object(withoutNulls(await (await browser.get('/api/v1/user', tokens.access_token)).json()))
    expect(faults(answers[200], body)).toEqual([])
    expect(faults(answers[200], { ...body, site_count: 'five' })).toHaveLength(1)
    expect(faults(answers.default, { code: 403 })).toHaveLength(1)
  })
})

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== null).map(([key, child]) => [key, withoutNulls(child)]))
}
