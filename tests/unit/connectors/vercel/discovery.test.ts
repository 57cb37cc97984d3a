import { describe, expect, it } from 'vitest'
import type { Endpoint } from '#server/connectors/contract'
import { vercel } from '#server/connectors/vercel'
import { ProviderError } from '#server/errors'
import { readerOf } from '../reader'
import { facts } from './evaluate'
import { teamBody } from './passing'

const personal = { installation_id: 'icfg_8Kq2', user_id: 'usr_5Lm1' }
const user = { user: { id: 'usr_5Lm1', username: 'ana', email: 'ana@example.com', limited: true } }
const listed = (id: string, more: object = {}) => ({ id, name: `project ${id}`, framework: 'nuxtjs', createdAt: 1_700_000_000_000, link: { type: 'github' }, ...more })
const page = (...ids: string[]) => ({ projects: ids.map(id => listed(id)), pagination: { count: ids.length, next: null, prev: null } })
const everywhere = { projectSelection: 'all' }

const reader = (bodies: Record<string, unknown>, grant: Record<string, string> = facts) => readerOf(endpoint => bodies[endpoint.id], grant)
const found = async (bodies: Record<string, unknown>, grant?: Record<string, string>) => Array.fromAsync(vercel.resources(reader(bodies, grant)))

describe('account', () => {
  it('is the team, or the person without one', async () => {
    expect(await vercel.account(reader({ team: teamBody }))).toEqual({ id: 'team_3Rw9', name: 'Larkspur' })
    expect(await vercel.account(reader({ team: { ...teamBody, name: null } }))).toEqual({ id: 'team_3Rw9', name: 'larkspur' })
    expect(await vercel.account(reader({ user }, personal))).toEqual({ id: 'usr_5Lm1', name: 'ana' })
  })

  it('is the team\'s even where the team shows a part of itself', async () => {
    expect(await vercel.account(reader({ team: { id: 'team_3Rw9', slug: 'larkspur', name: 'Larkspur', limited: true, limitedBy: ['saml'] } }))).toEqual({ id: 'team_3Rw9', name: 'Larkspur' })
  })

  it('is not what the callback said', async () => {
    expect(await vercel.account(reader({ user }, { ...personal, teamId: 'team_forged' }))).toEqual({ id: 'usr_5Lm1', name: 'ana' })
  })

  it('is not another team than the token\'s', async () => {
    await expect(vercel.account(reader({ team: { ...teamBody, id: 'team_other' } }))).rejects.toBeInstanceOf(ProviderError)
  })
})

describe('an installation that was switched off', () => {
  const off = (configuration: unknown, from: 'account' | 'resources' = 'account') => {
    const bodies: Record<string, unknown> = { configuration }
    const api = readerOf((endpoint) => {
      if (endpoint.id === 'team' || endpoint.id === 'projects') throw new ProviderError('installation_disabled', 'GET /v2/teams', { status: 403 })
      return bodies[endpoint.id]
    }, facts)
    return from === 'account' ? vercel.account(api) : Array.fromAsync(vercel.resources(api))
  }

  it.each([
    ['account-plan-downgrade', 'plan'], ['feature-not-available', 'feature'], ['disabled-by-admin', 'by_admin'], ['disabled-by-owner', 'by_owner'],
    ['original-owner-left-the-team', 'owner_left'], ['original-owner-role-downgraded', 'owner_demoted'], ['a-new-one', undefined], ['constructor', undefined], [undefined, undefined],
  ])('says why: %s', async (disabledReason, disabled) => {
    const error = { kind: 'installation_disabled', options: { disabled } }
    await expect(off({ status: 'suspended', disabledReason })).rejects.toMatchObject(error)
    await expect(off({ status: 'suspended', disabledReason }, 'resources')).rejects.toMatchObject(error)
  })

  it('is taken at its word where it cannot be asked', async () => {
    for (const configuration of [{ status: 'ready', disabledReason: 'disabled-by-admin' }, {}]) {
      await expect(off(configuration)).rejects.toMatchObject({ kind: 'installation_disabled', options: { status: 403 } })
    }
    const refused = new ProviderError('installation_disabled', 'GET /v2/teams', { status: 403 })
    const silent = (answer: () => Promise<null>) => ({ ...reader({}), get: async (endpoint: Endpoint) => endpoint.id === 'configuration' ? answer() : Promise.reject(refused) })
    await expect(vercel.account(silent(async () => null))).rejects.toBe(refused)
    await expect(vercel.account(silent(async () => { throw new ProviderError('server_error', 'GET /v1/integrations/configuration') }))).rejects.toBe(refused)
  })

  it('is on again for all that stands there from before', async () => {
    for (const status of ['ready', 'resumed']) {
      expect(await found({ configuration: { ...everywhere, status, disabledReason: 'disabled-by-admin' }, projects: page('prj_1'), team: teamBody })).toHaveLength(2)
    }
  })
})

describe('resources', () => {
  it('are the projects and then the team', async () => {
    expect(await found({ configuration: everywhere, projects: page('prj_1', 'prj_2'), team: teamBody })).toEqual([
      { kind: 'project', externalId: 'prj_1', name: 'project prj_1', metadata: { framework: 'nuxtjs', repository: 'github', created_at: '2023-11-14T22:13:20.000Z' } },
      { kind: 'project', externalId: 'prj_2', name: 'project prj_2', metadata: { framework: 'nuxtjs', repository: 'github', created_at: '2023-11-14T22:13:20.000Z' } },
      { kind: 'team', externalId: 'team_3Rw9', name: 'Larkspur', metadata: { slug: 'larkspur', plan: 'enterprise' } },
    ])
  })

  it('are projects alone on a personal account', async () => {
    const projects = { projects: [{ id: 'prj_1', name: 'one', createdAt: 'long ago', link: 'x' }], pagination: null }
    expect(await found({ configuration: everywhere, projects }, personal)).toEqual([
      { kind: 'project', externalId: 'prj_1', name: 'one', metadata: { framework: null, repository: null, created_at: null } },
    ])
  })

  it.each([
    ['chosen', { projectSelection: 'selected', projects: ['prj_2'] }, ['prj_2']],
    ['chosen, but none is named', { projectSelection: 'selected' }, []],
    ['all', { projectSelection: 'all', projects: ['prj_2'] }, ['prj_1', 'prj_2']],
    ['not said to be chosen', {}, ['prj_1', 'prj_2']],
  ])('are those that are %s', async (_name, configuration, ids) => {
    const all = await found({ configuration, projects: page('prj_1', 'prj_2'), team: teamBody })
    expect(all.filter(resource => resource.kind === 'project').map(resource => resource.externalId)).toEqual(ids)
  })

  it('are what is listed where the installation cannot be read', async () => {
    const bodies: Record<string, unknown> = { projects: page('prj_1'), team: teamBody }
    const api = readerOf(endpoint => bodies[endpoint.id], facts)
    const get = <T>(endpoint: Endpoint<T>) => endpoint.id === 'configuration' ? Promise.resolve(null) : api.get(endpoint)
    expect((await Array.fromAsync(vercel.resources({ ...api, get }))).map(resource => resource.externalId)).toEqual(['prj_1', 'team_3Rw9'])
    // Nor is it asked for where nobody knows which.
    expect(await found({ projects: page('prj_1') }, {})).toHaveLength(1)
  })

  it('are each listed once, however the pages shift', async () => {
    const pages = [page('prj_1', 'prj_2'), page('prj_2', 'prj_3')]
    const api = reader({ configuration: everywhere, team: teamBody })
    async function* shifted<T>(endpoint: Endpoint<T>) { for (const one of pages) yield endpoint.schema.parse(one) }
    const ids = (await Array.fromAsync(vercel.resources({ ...api, pages: shifted }))).map(resource => resource.externalId)
    expect(ids).toEqual(['prj_1', 'prj_2', 'prj_3', 'team_3Rw9'])
  })

  it('can all be asked', () => {
    expect(vercel.unavailable()).toBeNull()
  })
})

describe('discovery', () => {
  it('is said to make exactly the calls that it makes', async () => {
    const made = new Set<string>()
    const bodies: Record<string, unknown> = { configuration: everywhere, projects: page('prj_1'), team: teamBody, user }
    for (const grant of [facts, personal]) {
      const api = readerOf((endpoint) => {
        made.add(`${endpoint.id} ${endpoint.scope}`)
        return bodies[endpoint.id]
      }, grant)
      await vercel.account(api)
      await Array.fromAsync(vercel.resources(api))
    }
    expect([...made].sort()).toEqual(vercel.discovery.map(({ id, scope }) => `${id} ${scope}`).sort())
  })
})
