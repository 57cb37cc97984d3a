/**
 * GitHub's own OpenAPI document against both sides: every request that the connector makes, and every answer that the sandbox
 * gives to it. The document describes API version 2022-11-28, and no authorization server.
 */
import type { ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Endpoint, ResourceDescription } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import * as exported from '#server/connectors/github/endpoints'
import { permissionNames } from '#server/connectors/github/permissions'
import { clientId, clientSecret, installed, openSandbox } from '../unit/sandbox/github/browser'
import { object, pathValues, readDocument, type Operation } from './openapi'

const document = readDocument(new URL('../../../shared/specs/github.openapi.json', import.meta.url))
const every: Endpoint[] = Object.values(exported).filter(value => typeof value === 'object')
/** Operations of GitHub's document that the excerpt beside the project does not have, by where they are described. */
const elsewhere: Readonly<Record<string, string>> = {
  [exported.membership.id]: 'https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user',
}
const all = every.filter(endpoint => !Object.hasOwn(elsewhere, endpoint.id))

const repositories = ['app', 'payments-api', 'legacy-importer', 'website', 'experiments', 'old-shop']
const at = (repository: string): ResourceDescription => ({ kind: '', externalId: installed.organization, name: '', metadata: { login: 'brightwater-labs', owner: 'brightwater-labs', repository, default_branch: 'main' } })
const pathOf = (endpoint: Endpoint, repository = 'app') => endpoint.path(at(repository), {})

function operation(method: string, path: string): Operation {
  const found = document?.operation(method, path.split('?')[0] ?? '')
  if (!found) throw new Error(`GitHub's document has no ${method} ${path}`)
  return found
}

function faults(validate: ValidateFunction | null | undefined, value: unknown): string[] {
  if (!validate) throw new Error('The document describes no schema here')
  return validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
}

describe.skipIf(!document)('the connector\'s requests', () => {
  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s is an operation of the document, with its parameters', (_id, endpoint) => {
    const [path = '', query = ''] = pathOf(endpoint).split('?')
    const found = operation('GET', path)
    for (const [name, value] of Object.entries(pathValues(found.path, path))) expect(faults(found.pathParameters[name], value)).toEqual([])
    for (const [name, value] of new URLSearchParams(query)) expect(faults(found.query[name], value), name).toEqual([])
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s reads fields that the document has', (_id, endpoint) => {
    const read = z.toJSONSchema(endpoint.schema, { io: 'input', unrepresentable: 'any' })
    const offered = names(operation('GET', pathOf(endpoint)).answerSchema)
    expect([...names(read)].filter(name => !offered.has(name))).toEqual([])
  })

  it.each(every.filter(endpoint => Object.hasOwn(elsewhere, endpoint.id)).map(endpoint => [endpoint.id, endpoint] as const))('%s is not in the excerpt. To fix: take it from the list', (_id, endpoint) => {
    expect(document?.operation('GET', pathOf(endpoint).split('?')[0] ?? '')).toBeUndefined()
  })

  it('make tokens with permissions that the document has', () => {
    const named = names(operation('GET', '/user/installations').answerSchema)
    expect(permissionNames.filter(name => !named.has(name))).toEqual([])
  })

  it('revoke with the body of the document', () => {
    const { revocation } = github.authorization
    const sent = revocation.request({ clientId, clientSecret, accessToken: 'a' })
    expect(faults(operation(revocation.method, revocation.path({ clientId, facts: {} })).body['application/json'], sent.body)).toEqual([])
    expect(sent.encoding).toBe('json')
  })
})

describe.skipIf(!document)('the sandbox\'s answers', () => {
  const app = openSandbox()
  const oauth = openSandbox({ application: 'oauth_app' })
  let tokens: { app: string, oauth: string }
  beforeAll(async () => { tokens = { app: (await app.connect()).access_token, oauth: (await oauth.connect()).access_token } })

  const paths = [...new Set(all.flatMap(endpoint => repositories.map(repository => pathOf(endpoint, repository))))]
  it.each(paths)('GET %s', async (path) => {
    const byPerson = /^\/user\/(?:orgs|repos)/.test(path)
    const answer = byPerson ? await oauth.get(path, tokens.oauth) : await app.get(path, tokens.app)
    const { answers } = operation('GET', path)
    // Statuses that the document leaves to the text: a 403 or 404 with GitHub's error body.
    if (answer.status !== 200) expect([403, 404]).toContain(answer.status)
    const schema = answers[answer.status] ?? (answer.status === 200 ? null : errorSchema())
    expect(faults(schema, await answer.json())).toEqual([])
  })

  it('are mostly answers, and not refusals', async () => {
    const statuses = await Promise.all(paths.filter(path => !/^\/user\/(?:orgs|repos)/.test(path)).map(async path => (await app.get(path, tokens.app)).status))
    expect(statuses.filter(status => status === 200).length).toBeGreaterThan(statuses.length * 0.7)
  })

  it('to a revocation, with a status of the document', async () => {
    const fresh = await app.connect()
    const sent = github.authorization.revocation.request({ clientId, clientSecret, accessToken: fresh.access_token })
    expect(Object.keys(operation('DELETE', `/applications/${clientId}/token`).answers)).toContain(String((await app.revoke(sent.body)).status))
  })

  it('would be caught if they strayed', async () => {
    const path = '/orgs/brightwater-labs'
    const body = object(await (await app.get(path, tokens.app)).json())
    const { answers } = operation('GET', path)
    expect(faults(answers[200], body)).toEqual([])
    expect(faults(answers[200], { ...body, login: undefined })).not.toEqual([])
    expect(faults(answers[200], { ...body, two_factor_requirement_enabled: 'no' })).not.toEqual([])
  })
})

/** The document's basic error, from an operation that has one. */
function errorSchema(): ValidateFunction | null | undefined {
  return operation('GET', '/user').answers[403]
}

/** Every property name of a schema, at any depth. */
function names(schema: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) schema.forEach(child => names(child, found))
  else if (typeof schema === 'object' && schema !== null) {
    const resolved = document?.resolve(schema) ?? object(schema)
    for (const name of Object.keys(object(resolved.properties))) found.add(name)
    Object.values(object(resolved.properties)).forEach(child => names(child, found))
    for (const key of ['items', 'anyOf', 'oneOf', 'allOf']) names(resolved[key], found)
  }
  return found
}
