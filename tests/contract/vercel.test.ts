/**
 * Vercel's OpenAPI document against both sides: every request that the connector makes, and every answer that the sandbox
 * gives to it. Twice: as Vercel published it in 2025, and as its SDK of 2026 describes the same API.
 */
import type { ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { vercel } from '#server/connectors/vercel'
import * as endpoints from '#server/connectors/vercel/endpoints'
import { openSandbox, type Tokens } from '../unit/sandbox/vercel/browser'
import { object, pathValues, readDocument, type Operation } from './openapi'

const all = Object.values(endpoints)
const permissions = vercel.authorization.scopes.map(scope => scope.name)
const project = { kind: 'project', externalId: 'prj_4mQxT7vNb2RkYh9WcLs8Jd', name: '', metadata: {} }
const facts = { installation_id: 'icfg_0123456789abcdef01234567', user_id: 'usr_5Lm1PqWs7ZxCv3BnRt9Kj4Hf', team_id: 'team_3Rw9KfLbTz6XvQm1NhYc8GdJ' }
const projectIds = [project.externalId, 'prj_8bWnK3zGd5PfXr6VtMj2Qc', 'prj_2hLsZ9yBq4TgWk7NrFv5Dm', 'prj_6tVcR8wHn3JxBp2LzSk4Gf', 'prj_9gXdM5kYt7WqCn3RhJb6Pz']

/** Read although a document does not have them, with the reason. */
const newer = { 'vercel.openapi.json': ['status', 'passport', 'limited', 'limitedBy', 'billing', 'plan', 'visibility', 'securityIssues', 'hiddenProductionEnvCount'], 'vercel-sdk.openapi.json': ['limited', 'limitedBy'] }
const reasons = 'limited, limitedBy: named for the teams of a list, and taken seriously wherever they come. The others came after the published document.'

/** Neither document has it: https://vercel.com/docs/integrations/create-integration/vercel-api-integrations describes it. */
const undocumented = [['POST', vercel.authorization.tokenPath]] as const

describe.each(['vercel.openapi.json', 'vercel-sdk.openapi.json'] as const)('%s', (file) => {
  const document = readDocument(new URL(`../../../shared/specs/${file}`, import.meta.url))

  /** Compiled once: some of these schemas are large. */
  const known = new Map<string, Operation>()
  function operation(method: string, path: string): Operation {
    const key = `${method} ${(path.split('?')[0] ?? '').replace(/\/(?:prj|icfg)_\w+/, '/{}')}`
    const found = known.get(key) ?? document?.operation(method, path.split('?')[0] ?? '')
    if (!found) throw new Error(`Vercel's document has no ${method} ${path}`)
    known.set(key, found)
    return found
  }

  describe.skipIf(!document)('the connector\'s requests', () => {
    it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s is an operation of the document, with its parameters', (_id, endpoint) => {
      const path = endpoint.path(project, facts)
      const found = operation('GET', path)
      for (const [name, value] of Object.entries(pathValues(found.path, path.split('?')[0] ?? ''))) expect(faults(found.pathParameters[name], value)).toEqual([])
      // `limit` is a number or a text, by the operation.
      for (const [name, value] of new URLSearchParams(path.split('?')[1])) {
        expect(Object.keys(found.query)).toContain(name)
        expect([faults(found.query[name], value), faults(found.query[name], Number(value))]).toContainEqual([])
      }
      expect(Object.keys(found.query)).not.toContain('code')
    })

    it('go on through a list with parameters of the document', () => {
      for (const [endpoint, parameter] of [[endpoints.projects, 'from'], [endpoints.domains, 'until'], [endpoints.members, 'until']] as const) {
        expect(Object.keys(operation('GET', endpoint.path(project, facts)).query)).toContain(parameter)
      }
    })

    it('name the team where the document has a word for it', () => {
      for (const endpoint of all) {
        const found = operation('GET', endpoint.path(project, facts))
        // Where the team stands in the path, or the call is the person's, one more is ignored.
        const extra = found.path.includes('{teamId}') || endpoint.id === 'user'
        if (!extra) expect(Object.keys(found.query), endpoint.id).toContain('teamId')
      }
    })

    it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s reads fields that the document has', (_id, endpoint) => {
      const read = z.toJSONSchema(endpoint.schema, { io: 'input', unrepresentable: 'any' })
      const offered = names(operation('GET', endpoint.path(project, facts)).answerSchema)
      expect([...names(read)].filter(name => !offered.has(name) && !newer[file].includes(name)), reasons).toEqual([])
    })

    it('uninstall with an operation of the document', () => {
      const path = vercel.authorization.revocation.path({ facts })
      const { answers, query } = operation('DELETE', path)
      expect(Object.keys(answers)).toEqual(expect.arrayContaining(['204', '404']))
      for (const name of new URLSearchParams(path.split('?')[1]).keys()) expect(Object.keys(query)).toContain(name)
    })

    it.each(undocumented)('%s %s is in no document', (method, path) => {
      expect(document?.operation(method, path)).toBeUndefined()
    })
  })

  describe.skipIf(!document)('the sandbox\'s answers', () => {
    const browser = openSandbox({ permissions })
    let tokens: Tokens

    beforeAll(async () => { tokens = await browser.connect() })

    const answered = async (path: string) => {
      const answer = await browser.get(path, tokens)
      expect(answer.status).toBe(200)
      return faults(operation('GET', path).answers[200], await answer.json())
    }

    const ofProjects = [endpoints.projectOf, endpoints.domains, endpoints.environment].flatMap(endpoint => projectIds.map(externalId => endpoint.path({ ...project, externalId })))
    const ofTeam = [endpoints.projects, endpoints.teamOf, endpoints.members, endpoints.user].map(endpoint => endpoint.path(project, facts))
    it.each([...ofProjects, ...ofTeam])('GET %s', async (path) => {
      expect(await answered(path)).toEqual([])
    })

    it('GET /v1/integrations/configuration/{id}', async () => {
      expect(await answered(endpoints.configuration.path(project, { installation_id: tokens.installation_id }))).toEqual([])
    })

    it('go on through their lists', async () => {
      expect(await answered('/v10/projects?limit=2&from=page_2')).toEqual([])
      expect(await answered(`/v3/teams/${facts.team_id}/members?limit=2&until=${Date.now() - 86_400_000 * 500}`)).toEqual([])
    })

    it('to an uninstallation, with a status of the document', async () => {
      const fresh = await browser.connect()
      const path = vercel.authorization.revocation.path({ facts: { installation_id: fresh.installation_id, team_id: facts.team_id } })
      const answer = await browser.send(path, { method: 'DELETE', headers: { authorization: `Bearer ${fresh.access_token}` } })
      expect(Object.keys(operation('DELETE', path).answers)).toContain(String(answer.status))
    })

    it('would be caught if they strayed', async () => {
      const path = endpoints.projectOf.path(project)
      const { directoryListing: _, ...body } = object(await (await browser.get(path, tokens)).json())
      expect(faults(operation('GET', path).answers[200], body)).not.toEqual([])
      expect(faults(operation('GET', path).answers[200], { ...body, directoryListing: 'no' })).not.toEqual([])
      expect(faults(operation('GET', path).answers[200], { ...body, directoryListing: true })).toEqual([])
    })
  })

  /** Every property name of a schema, at any depth. */
  function names(schema: unknown, found = new Set<string>()): Set<string> {
    if (Array.isArray(schema)) schema.forEach(child => names(child, found))
    else if (typeof schema === 'object' && schema !== null) {
      const resolved = document?.resolve(schema) ?? object(schema)
      for (const name of Object.keys(object(resolved.properties))) found.add(name)
      Object.values(object(resolved.properties)).forEach(child => names(child, found))
      for (const key of ['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties']) names(resolved[key], found)
    }
    return found
  }
})

function faults(validate: ValidateFunction | null | undefined, value: unknown): string[] {
  if (!validate) throw new Error('The document describes no schema here')
  // The published document lists one alternative twice: both fit then.
  const errors = validate(value) ? [] : (validate.errors ?? []).filter(error => !(error.keyword === 'oneOf' && object(error.params).passingSchemas))
  return errors.map(error => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
}
