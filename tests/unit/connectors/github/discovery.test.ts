import { describe, expect, it } from 'vitest'
import type { ApiReader, GrantFacts } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { ProviderError } from '#server/errors'
import { createApiReader } from '#server/oauth/http'
import { readerOf } from '../reader'

const installed = (id: number, account: object | null, more: object = {}) => ({ id, account, permissions: { metadata: 'read' }, suspended_at: null, ...more })
const acme = { id: 7, login: 'acme', type: 'Organization' }
const mei = { id: 9, login: 'mei', type: 'User' }
const listed = (id: number, name: string, more: object = {}) => ({ id, name, full_name: `acme/${name}`, owner: { login: 'acme', type: 'Organization' }, private: true, default_branch: 'main', html_url: `https://github.example/acme/${name}`, ...more })

const bodies: Record<string, unknown> = {
  user: { id: 9, login: 'mei', email: 'never' },
  installations: { total_count: 1, installations: [installed(70, acme)] },
  membership: { role: 'admin', state: 'active' },
  installation_repositories: { total_count: 1, repositories: [listed(1, 'app')] },
  user_organizations: [{ id: 7, login: 'acme' }],
  user_repositories: [listed(1, 'app')],
}

const reader = (changes: Record<string, unknown> = {}, facts: GrantFacts = {}): ApiReader => readerOf(endpoint => ({ ...bodies, ...changes })[endpoint.id], facts)
const installations = (...list: object[]) => ({ installations: { total_count: list.length, installations: list } })

/** An OAuth App's: the API says that there are no installations for it. */
function oauthReader(facts: GrantFacts = {}): ApiReader {
  const api = reader({}, facts)
  return { ...api, get: (endpoint, resource) => endpoint.id === 'installations' ? Promise.resolve(null) : api.get(endpoint, resource) }
}

async function kindOf(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(() => new Error('it succeeded'), reason => reason)
  return error instanceof ProviderError ? error.kind : String(error)
}
const both = (api: ApiReader) => Promise.all([kindOf(github.account(api)), kindOf(Array.fromAsync(github.resources(api)))])

describe('account', () => {
  it('is the only one in which the app is installed, with what finds it again', async () => {
    expect(await github.account(reader())).toEqual({ id: '7', name: 'acme', facts: { installation_id: '70', account_id: '7', user_id: '9' } })
  })

  it('is the one that the callback names, among those that the token shows', async () => {
    const two = installations(installed(70, acme), installed(71, mei))
    expect(await github.account(reader(two, { installation_id: '71', setup_action: 'install' }))).toMatchObject({ id: '9', name: 'mei', facts: { installation_id: '71' } })
  })

  it('is the same after a reinstall, by its id', async () => {
    const again = reader(installations(installed(99, acme), installed(71, mei)), { installation_id: '70', account_id: '7' })
    expect(await github.account(again)).toMatchObject({ id: '7', facts: { installation_id: '99' } })
  })

  it('of an enterprise has its slug for a name', async () => {
    expect(await github.account(reader(installations(installed(70, { id: 5, slug: 'acme-holding', name: 'Acme' }))))).toMatchObject({ id: '5', name: 'acme-holding' })
  })

  it('of an OAuth App is the person', async () => {
    expect(await github.account(oauthReader())).toEqual({ id: '9', name: 'mei', facts: { user_id: '9' } })
  })

  it.each([
    ['a forged installation', installations(installed(70, acme)), { installation_id: '666' }, 'not_found'],
    ['an installation that is no number', installations(installed(70, acme)), { installation_id: '70 or 1=1' }, 'not_found'],
    ['no installation', installations(), {}, 'account_missing'],
    ['an installation without an account', installations(installed(70, null)), {}, 'account_missing'],
    ['a suspended installation', installations(installed(70, acme, { suspended_at: '2026-01-01T00:00:00Z' })), {}, 'account_missing'],
    ['several, and none named', installations(installed(70, acme), installed(71, mei)), {}, 'account_ambiguous'],
    ['one that is gone, and its account too', installations(installed(71, mei)), { installation_id: '70', account_id: '7' }, 'not_found'],
  ])('is refused with %s, and so are the resources', async (_name, changes, facts, kind) => {
    expect(await both(reader(changes, facts as GrantFacts))).toEqual([kind, kind])
  })

  it('is refused when an OAuth App\'s callback names an installation', async () => {
    expect(await both(oauthReader({ installation_id: '70' }))).toEqual(['not_found', 'not_found'])
  })
})

describe('resources', () => {
  it('are the organization and the repositories of its installation', async () => {
    expect(await Array.fromAsync(github.resources(reader()))).toEqual([
      { kind: 'organization', externalId: 'organization:7', name: 'acme', metadata: { login: 'acme' } },
      { kind: 'repository', externalId: '1', name: 'acme/app', metadata: { owner: 'acme', repository: 'app', default_branch: 'main', address: 'https://github.example/acme/app', visibility: 'private', archived: null, disabled: null, fork: null } },
    ])
  })

  it('of a person\'s account are its repositories', async () => {
    const found = await Array.fromAsync(github.resources(reader(installations(installed(71, mei)))))
    expect(found.map(resource => resource.kind)).toEqual(['repository'])
  })

  it('of an OAuth App are the organizations and repositories that the person sees', async () => {
    expect((await Array.fromAsync(github.resources(oauthReader()))).map(resource => resource.externalId)).toEqual(['organization:7', '1'])
  })

  it('keep apart an organization and a repository of the same number', async () => {
    const found = await Array.fromAsync(github.resources(reader({ installation_repositories: { repositories: [listed(7, 'seven')] } })))
    expect(new Set(found.map(resource => resource.externalId)).size).toBe(2)
  })

  it.each(['..', '.', 'a/b', '', 'a b'])('are refused with the name %j, which would lead elsewhere', async (name) => {
    await expect(Array.fromAsync(github.resources(reader({ installation_repositories: { repositories: [listed(1, name)] } })))).rejects.toThrow()
  })

  it.each(['..', '/main', 'a//b', '.git', 'a/../b', 'main/'])('have no default branch when it is called %j', async (branch) => {
    const [, repository] = await Array.fromAsync(github.resources(reader({ installation_repositories: { repositories: [listed(1, 'app', { default_branch: branch })] } })))
    expect(repository?.metadata.default_branch).toBeNull()
  })

  it('cannot be asked once GitHub has disabled them, and otherwise can', () => {
    const at = (metadata: Record<string, boolean | null>) => github.unavailable({ kind: 'repository', externalId: '1', name: '', metadata })
    expect(at({ disabled: true })).toMatch(/disabled/)
    expect([at({ disabled: false }), at({ archived: true }), at({}), at({ disabled: null })]).toEqual([null, null, null, null])
  })
})

describe('five thousand repositories', () => {
  /** Pages of a hundred, with `Link`, below a base that has a path itself. */
  async function enterprise(input: URL | RequestInfo): Promise<Response> {
    const url = new URL(String(input))
    asked.push(url.pathname)
    if (url.pathname === '/api/v3/user/installations') return Response.json({ total_count: 1, installations: [installed(70, acme)] })
    const page = Number(url.searchParams.get('page') ?? 1)
    const repositories = Array.from({ length: 100 }, (_, index) => listed((page - 1) * 100 + index + 1, `r${page}-${index}`))
    const next = new URL(url)
    next.searchParams.set('page', String(page + 1))
    return Response.json({ total_count: 5000, repositories }, { headers: page < 50 ? { link: `<${next.href}>; rel="next"` } : {} })
  }
  let asked: string[] = []
  const api = () => createApiReader({ base: 'https://ghe.example/api/v3', accessToken: 'ghu_x', fetch: enterprise, retryAfter: github.retryAfter, refusal: github.refusal, everyCall: github.everyCall })

  it('come page by page, and no further page than is needed is read', async () => {
    asked = []
    let seen = 0
    for await (const _ of github.resources(api())) if (++seen === 150) break
    expect(asked).toEqual(['/api/v3/user/installations', '/api/v3/user/installations/70/repositories', '/api/v3/user/installations/70/repositories'])
  })

  it('are all there, each once', async () => {
    asked = []
    const ids = new Set<string>()
    for await (const resource of github.resources(api())) ids.add(resource.externalId)
    expect(ids.size).toBe(5001)
    expect(asked).toHaveLength(51)
  })
})

it('discovery is said to make exactly the calls that it makes', async () => {
  const made = new Set<string>()
  const noting = (api: ApiReader): ApiReader => ({
    ...api,
    get: (endpoint, resource) => { made.add(`${endpoint.id} ${endpoint.scope}`); return api.get(endpoint, resource) },
    pages: (endpoint, resource) => { made.add(`${endpoint.id} ${endpoint.scope}`); return api.pages(endpoint, resource) },
  })
  for (const api of [reader(), oauthReader()]) {
    await github.account(noting(api))
    await Array.fromAsync(github.resources(noting(api)))
    await github.authorization.minting.order(noting(api))
  }
  expect([...made].sort()).toEqual(github.discovery.map(({ id, scope }) => `${id} ${scope}`).sort())
})
