import { describe, expect, it } from 'vitest'
import { vercel } from '#server/connectors/vercel'
import * as endpoints from '#server/connectors/vercel/endpoints'
import { withQuery } from '#server/connectors/paging'
import { facts, project } from './evaluate'
import { canary, member, projectBody, teamBody, variable } from './passing'

const all = Object.values(endpoints)

/** Bodies as Vercel may send them, with a secret wherever the real ones carry one, and unknown fields. */
const poisoned: Record<string, unknown> = {
  configuration: { id: canary, projectSelection: 'selected', projects: ['prj_7Tz4'], scopes: [canary], externalId: canary },
  projects: { projects: [{ ...projectBody, env: [{ key: 'A', value: canary }] }], pagination: { count: 1, next: null } },
  project: { ...projectBody, env: [{ key: 'A', value: canary }], passwordProtection: { deploymentType: 'all', password: canary }, security: { ...projectBody.security, requestLogsKey: canary } },
  domains: { domains: [{ name: 'a.example', verified: false, verification: [{ value: canary }] }], pagination: {} },
  environment: { envs: [{ ...variable('A', 'plain'), legacyValue: canary, vsmValue: canary, internalContentHint: { encryptedValue: canary } }] },
  team: { ...teamBody, billing: { plan: 'pro', customer: canary } },
  members: { members: [member('ana', 'OWNER')], emailInviteCodes: [{ id: canary, email: canary, role: 'MEMBER', createdAt: 1 }], pagination: {} },
  user: { user: { id: 'usr_5Lm1', username: 'ana', email: canary, billing: { card: canary } } },
}

describe('endpoints', () => {
  it('are all tried here', () => {
    expect(Object.keys(poisoned).sort()).toEqual(all.map(endpoint => endpoint.id).sort())
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s lets no secret through, names of fields included', (id, endpoint) => {
    expect(JSON.stringify(endpoint.schema.parse(poisoned[id]))).not.toContain(canary)
  })

  it('have unique ids and a scope that is asked for', () => {
    expect(new Set(all.map(endpoint => endpoint.id)).size).toBe(all.length)
    const scopes = vercel.authorization.scopes.map(scope => scope.name)
    for (const endpoint of all) expect(scopes).toContain(endpoint.scope)
  })

  it('encode what stands in a path', () => {
    const odd = { ...project, externalId: '../teams?x=' }
    expect(endpoints.projectOf.path(odd)).toBe('/v9/projects/..%2Fteams%3Fx%3D')
    expect(endpoints.teamOf.path(odd, { team_id: 'a/b' })).toBe('/v2/teams/a%2Fb')
    expect(endpoints.configuration.path(odd, { installation_id: '../x' })).toBe('/v1/integrations/configuration/..%2Fx')
  })

  it('never ask for the value of a variable', () => {
    const path = withQuery(endpoints.environment.path(project), vercel.everyCall.query(facts))
    expect(path).toBe('/v10/projects/prj_7Tz4/env?teamId=team_3Rw9')
  })

  it('name the team on every call of a team\'s grant, by the token endpoint\'s word alone', () => {
    expect(vercel.everyCall.query(facts)).toEqual({ teamId: 'team_3Rw9' })
    expect(vercel.everyCall.query({ user_id: 'usr_5Lm1', teamId: 'team_forged' })).toEqual({})
  })
})

describe('pages', () => {
  const headers = new Headers()

  it('of projects go on with `from`, by a time or a token', () => {
    const { next } = endpoints.projects.paging
    const page = (at: string | number | null) => endpoints.projects.schema.parse({ projects: [], pagination: { count: 0, next: at, prev: null } })
    expect(next({ answer: page(1_700_000_000_000), headers, path: '/v10/projects?limit=100' })).toBe('/v10/projects?limit=100&from=1700000000000')
    expect(next({ answer: page('a b'), headers, path: '/v10/projects?limit=100&from=x' })).toBe('/v10/projects?limit=100&from=a+b')
    expect(next({ answer: page(null), headers, path: '/v10/projects?limit=100' })).toBeNull()
  })

  it('of domains and members go on with `until`', () => {
    expect(endpoints.domains.paging.next({ answer: { domains: [], pagination: { next: 5 } }, headers, path: '/x?limit=100' })).toBe('/x?limit=100&until=5')
    expect(endpoints.members.paging.next({ answer: { members: [], emailInviteCodes: null, pagination: { next: 5 } }, headers, path: '/x?limit=100' })).toBe('/x?limit=100&until=5')
  })

  it('of projects may be none: one bare list', () => {
    expect(endpoints.projects.schema.parse([{ id: 'prj_1', name: 'one' }])).toEqual({ projects: [{ id: 'prj_1', name: 'one' }], pagination: null })
  })

  it('are no shorter list where one of them could not be read', () => {
    const page = { members: [{ username: 'ana', role: 'OWNER', confirmed: true }], emailInviteCodes: [{ role: 'MEMBER' }], pagination: null }
    const { merge } = endpoints.members.paging
    expect(merge([page, { ...page, emailInviteCodes: null }])).toMatchObject({ members: [...page.members, ...page.members], emailInviteCodes: page.emailInviteCodes })
    expect(merge([page, { ...page, members: undefined }]).members).toBeUndefined()
  })

  it('are refused with a cursor that cannot be read', () => {
    expect(endpoints.projects.schema.safeParse({ projects: [], pagination: { next: { at: 1 } } }).success).toBe(false)
    expect(endpoints.projects.schema.safeParse({ projects: [{ id: '../x', name: 'x' }] }).success).toBe(false)
  })
})
