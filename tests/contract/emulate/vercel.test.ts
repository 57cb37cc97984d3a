/** Vercel by emulate: it has no integration flow, so that only the reads can be compared. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Emulator } from 'emulate'
import { z } from 'zod'
import type { ResourceDescription } from '#server/connectors/contract'
import { vercel } from '#server/connectors/vercel'
import * as exported from '#server/connectors/vercel/endpoints'
import { authorizeUrl } from '#server/oauth/authorize-url'
import type { OAuthClient } from '#server/oauth/client'
import { exchangeCode } from '#server/oauth/exchange'
import { openApi } from '#server/oauth/open-api'
import { newState } from '#server/oauth/state'
import { ask, clientAt, endpointsIn, expected, openEmulator, passesInTheDark, redirectUri, type Opinions } from './second-opinion.ts'

const opinions: Opinions = {
  configuration: { because: 'there are no installations: 404, which is read as "uninstalled"', outcome: null },
  projects: 'understood',
  project: 'understood',
  domains: 'understood',
  environment: 'understood',
  team: { because: 'GET /v2/teams/{teamId} wraps the team in `team`; both of Vercel\'s documents answer with the team itself', outcome: 'unexpected_shape' },
  members: { because: 'the list is at /v2, which Vercel\'s documents do not have any more', outcome: 'not_found' },
  user: 'understood',
}

const registered = { clientId: `oac_${randomBytes(12).toString('hex')}`, clientSecret: randomBytes(18).toString('base64url') }
const accessToken = randomBytes(18).toString('base64url')
const endpoints = endpointsIn(exported)
let emulator: Emulator
let client: OAuthClient
let project: ResourceDescription
let facts: Record<string, string>
const api = (of = facts) => openApi(client, { accessToken, facts: of })

beforeAll(async () => {
  emulator = await openEmulator('vercel', { tokens: { [accessToken]: { login: 'admin' } }, vercel: {
    // A project without a team is the first person's, who is there from the start.
    teams: [{ slug: 'larkspur', name: 'Larkspur' }],
    projects: [{ name: 'storefront', team: 'larkspur', framework: 'nextjs', envVars: [{ key: 'API_KEY', value: 'kept-out', type: 'encrypted', target: ['production'] }] }, { name: 'notes' }],
    integrations: [{ client_id: registered.clientId, client_secret: registered.clientSecret, name: 'AllyShip', redirect_uris: [redirectUri] }],
  } })
  client = clientAt(emulator.url, vercel, registered)
  const answer = await fetch(`${emulator.url}/v2/teams`, { headers: { authorization: `Bearer ${accessToken}` } })
  const { teams } = z.object({ teams: z.array(z.object({ id: z.string(), slug: z.string() })) }).parse(await answer.json())
  facts = { team_id: teams.find(team => team.slug === 'larkspur')?.id ?? '', installation_id: 'icfg_none', user_id: 'usr_none' }
  const [listed] = (await api().get(exported.projects))?.projects ?? []
  project = { kind: 'project', externalId: listed?.id ?? '', name: 'storefront', metadata: {} }
})
afterAll(() => emulator?.close())

it('has "Sign in with Vercel" only: neither the page nor the token endpoint of an integration', async () => {
  expect((await fetch(await authorizeUrl(client, { state: newState(), codeVerifier: null }))).status).toBe(404)
  await expect(exchangeCode(client, { code: 'any', codeVerifier: null })).rejects.toMatchObject({ failure: 'passing' })
})

describe('reading', () => {
  it('has an opinion about every endpoint, and it is this one', async () => {
    expect(Object.keys(opinions).sort()).toEqual(endpoints.map(endpoint => endpoint.id).sort())
    expect(await ask(api(), endpoints, () => project)).toEqual(expected(opinions))
  })

  it('reads the team\'s projects with the team in the query, and the person\'s without', async () => {
    const names = async (of: Record<string, string>) => (await api(of).get(exported.projects))?.projects.map(one => one.name)
    expect(await names(facts)).toEqual(['storefront'])
    expect(await names({})).toEqual(['notes'])
    expect(await vercel.account(api({}))).toMatchObject({ name: 'admin' })
  })

  it('reads what there is of variables, and no value', async () => {
    const read = await api().get(exported.environment, project)
    expect(read?.envs).toMatchObject([{ key: 'API_KEY', type: 'encrypted', target: ['production'] }])
    expect(JSON.stringify(read)).not.toContain('kept-out')
  })

  it('passes no check whose answers emulate does not have', async () => {
    const team = { kind: 'team', externalId: facts.team_id ?? '', name: '', metadata: {} }
    for (const resource of [project, team]) expect(await passesInTheDark(vercel, api(), resource, opinions)).toEqual([])
  })
})
