/** What connections tell each other: how values, names and addresses are read, and what each connector says of its resources. */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { publishersOf } from '#server/cross'
import type { Connector, ResourceDescription } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { netlify } from '#server/connectors/netlify'
import { allConnectors } from '#server/connectors/registry'
import { parseSignals, repositoryAddress, shapeOf, signalKinds, Unread, variableSignals } from '#server/connectors/signals'
import { supabase } from '#server/connectors/supabase'
import { vercel } from '#server/connectors/vercel'
import { type Bodies, Refused } from './evaluate'

const secret = randomBytes(24).toString('base64url')
const token = (claims: object) => ['{"alg":"HS256"}', JSON.stringify(claims), secret].map(part => Buffer.from(part).toString('base64url')).join('.')
const nothing = { host: null, hasPassword: false, secretPrefix: null, tokenRole: null }

describe('the shape of a value', () => {
  it.each([
    ['https://ABCD.Backend.example/rest?key=x', { host: 'abcd.backend.example' }], ['postgres://u:p@db.example:5432/x', { host: 'db.example', hasPassword: true }],
    ['postgres://u@db.example/x', { host: 'db.example' }], [`sb_secret_${secret}`, { secretPrefix: 'sb_secret_' }], ['sb_secret_short', {}], [`sb_publishable_${secret}`, {}],
    [token({ role: 'service_role', ref: 'x' }), { tokenRole: 'service_role' }], [token({ role: 'a b' }), {}], [token({ sub: '1' }), {}], ['a.b.c', {}], ['..', {}],
    [secret, {}], ['', {}], ['//no-scheme', {}], ['https://', {}], ['javascript:alert(1)', {}], ['file:///etc/passwd', {}],
  ])('%# holds what tells keys apart', (value, expected) => {
    expect(shapeOf(value)).toEqual({ ...nothing, ...expected })
    expect(JSON.stringify(shapeOf(value))).not.toContain(secret)
  })
})

describe('the address of a repository', () => {
  it.each([
    ['https://GitHub.com/Acme/Web', 'github.com/acme/web'], ['https://github.com/acme/web.git', 'github.com/acme/web'], ['https://github.com/acme/web/', 'github.com/acme/web'],
    ['git@github.com:acme/web.git', 'github.com/acme/web'], ['ssh://git@code.example/acme/web', 'code.example/acme/web'], ['https://gitlab.com/a/b/c', 'gitlab.com/a/b/c'],
    ['https://user:word@github.com/acme/web', 'github.com/acme/web'], ['github.com/acme/web.js', 'github.com/acme/web.js'],
    ['', null], ['github.com', null], ['github.com/acme', null], ['github.com/undefined/undefined x', null], ['acme/web', null], ['https://github.com/acme/we b', null], ['https://github.com/acme/web?x=1', null],
  ])('%s → %s', (url, address) => expect(repositoryAddress(url)).toBe(address))
})

describe('the facts of a variable', () => {
  it('are where it leads, and that browsers get it', () => {
    const value = { ...nothing, host: 'x.example' }
    expect(variableSignals('API_URL', value)).toEqual([{ kind: 'uses_backend', host: 'x.example', variable: 'API_URL' }])
    expect(variableSignals('VITE_API_URL', value)).toEqual([{ kind: 'exposed_variable', name: 'VITE_API_URL', value }, { kind: 'uses_backend', host: 'x.example', variable: 'VITE_API_URL' }])
    expect(variableSignals('VITE_KEY', null)).toEqual([{ kind: 'exposed_variable', name: 'VITE_KEY', value: null }])
    for (const name of ['NUXT_ENV_A', 'NEXT_PUBLIC_A', 'EXPO_PUBLIC_A', 'REDWOOD_ENV_A', 'SANITY_STUDIO_A', 'STORYBOOK_A', 'NG_APP_A', 'PUBLIC_A']) expect(variableSignals(name, null)).toEqual([{ kind: 'exposed_variable', name, value: null }])
    for (const name of ['PUBLICITY', 'MY_VITE_X', 'vite_x', '']) expect(variableSignals(name, null)).toEqual([])
  })
})

/** As the scanner does: bodies go through the endpoints' schemas, refusals become `Unread`. */
function tell(connector: Connector, resource: ResourceDescription, bodies: Bodies): unknown[] {
  return publishersOf(connector, resource).flatMap((publisher) => {
    const answers = Object.fromEntries(Object.entries(publisher.reads).map(([name, endpoint]) => {
      const body = bodies[endpoint.id]
      if (body instanceof Refused) {
        const answer = endpoint.otherwise?.(body)
        return [name, answer === undefined ? new Unread('Refused.') : answer]
      }
      const parsed = endpoint.schema.safeParse(body)
      return [name, parsed.success ? parsed.data : new Unread('Malformed.')]
    }))
    const told = [...publisher.derive(answers, { resource, now: new Date() })]
    for (const signal of told) {
      expect(publisher.tells).toContain(signal.kind === 'unknown' ? signal.of : signal.kind)
      // What is stored can be read back.
      if (signal.kind !== 'unknown') expect(parseSignals(signal.kind, JSON.parse(JSON.stringify([signal])))).toEqual([signal])
    }
    return told
  })
}

const unknown = (...kinds: string[]) => kinds.map(of => ({ kind: 'unknown', of, why: expect.stringMatching(/\.$/) as string }))
const bad: [string, unknown][] = [['refused', new Refused(403, { message: 'Forbidden' })], ['empty', {}], ['null', null], ['a word', 'ok'], ['a list of a word', ['x']]]

describe('a Vercel project', () => {
  const project: ResourceDescription = { kind: 'project', externalId: 'prj_1', name: 'web', metadata: {} }
  const link = { type: 'github', org: 'Acme', repo: 'Web', productionBranch: 'main', deployHooks: [{ url: secret }] }
  const say = (changes: object | null | undefined, environment: unknown = { envs: [] }) => tell(vercel, project, { project: { id: 'prj_1', link: changes }, environment })

  it.each([
    ['GitHub', link, { repository: 'github.com/acme/web', branch: 'main' }], ['a GitHub of one\'s own', { ...link, type: 'github-custom-host', host: 'git.acme.example' }, { repository: 'git.acme.example/acme/web', branch: 'main' }],
    ['GitLab', { type: 'gitlab', projectUrl: 'https://gitlab.com/acme/web', productionBranch: 'trunk' }, { repository: 'gitlab.com/acme/web', branch: 'trunk' }],
    ['Bitbucket', { type: 'bitbucket', owner: 'acme', slug: 'web', productionBranch: '' }, { repository: 'bitbucket.org/acme/web', branch: null }],
  ])('is built from %s', (_name, link, expected) => expect(say(link)).toEqual([{ kind: 'deploys', ...expected }]))

  it.each([['none', undefined, []], ['null', null, []], ['of a new kind', { ...link, type: 'radicle' }, unknown('deploys')], ['odd', 'x' as unknown as object, unknown('deploys')], ['without a name', { type: 'github' }, unknown('deploys')]])(
    'says so of a link that is %s', (_name, link, expected) => expect(say(link)).toEqual(expected))

  it('tells of variables by their names, and of plain ones by the shape of their values', () => {
    const envs = [
      { key: 'NEXT_PUBLIC_URL', type: 'plain', value: 'https://x1.example' }, { key: 'NEXT_PUBLIC_KEY', type: 'encrypted', value: token({ role: 'service_role' }) },
      { key: 'NEXT_PUBLIC_TOKEN', type: 'plain', value: token({ role: 'service_role' }) }, { key: 'SECRET', type: 'sensitive', value: secret }, { key: 'API', type: 'plain', value: `https://u:${secret}@x2.example/${secret}` },
    ]
    const told = say(null, { envs })
    expect(told).toEqual([
      { kind: 'exposed_variable', name: 'NEXT_PUBLIC_URL', value: { ...nothing, host: 'x1.example' } }, { kind: 'uses_backend', host: 'x1.example', variable: 'NEXT_PUBLIC_URL' },
      { kind: 'exposed_variable', name: 'NEXT_PUBLIC_KEY', value: null }, { kind: 'exposed_variable', name: 'NEXT_PUBLIC_TOKEN', value: { ...nothing, tokenRole: 'service_role' } },
      { kind: 'uses_backend', host: 'x2.example', variable: 'API' },
    ])
    expect(JSON.stringify(told)).not.toContain(secret)
  })

  it('says that there are more than it shows', () => {
    const both = ['uses_backend', 'exposed_variable']
    expect(say(null, { envs: [], pagination: { next: 'x' } })).toEqual(unknown(...both))
    expect(say(null, { envs: [], hiddenProductionEnvCount: 2 })).toEqual(unknown(...both))
    for (const [, body] of bad) expect(say(null, body)).toEqual(unknown(...both))
  })

  it.each(bad.filter(([name]) => name !== 'empty'))('tells nothing for sure when the project is %s', (_name, body) => {
    expect(tell(vercel, project, { project: body, environment: { envs: [] } })).toEqual(unknown('deploys'))
  })
})

describe('a Netlify site', () => {
  const site: ResourceDescription = { kind: 'site', externalId: 's1', name: 'www', metadata: {} }
  const built = { repo_url: 'https://github.com/Acme/WWW', repo_branch: 'main', env: { A: secret } }
  const say = (build_settings: unknown, variables: unknown = []) => tell(netlify, site, { site: { build_settings }, variables })

  it.each([
    ['a repository', built, [{ kind: 'deploys', repository: 'github.com/acme/www', branch: 'main' }]], ['a branch that is not said', { ...built, repo_branch: undefined }, [{ kind: 'deploys', repository: 'github.com/acme/www', branch: null }]],
    ['nothing', {}, []], ['a repository without an address', { repo_path: 'acme/www' }, unknown('deploys')], ['what cannot be read', 'x', unknown('deploys')], ['settings that are missing', undefined, unknown('deploys')],
  ])('is built from %s', (_name, settings, expected) => expect(say(settings)).toEqual(expected))

  it('tells of variables, one value for each context, and of secret ones by their names', () => {
    const told = say({}, [
      { key: 'VITE_KEY', is_secret: false, values: [{ value: 'a', context: 'dev' }, { value: token({ role: 'service_role' }), context: 'production' }] },
      { key: 'VITE_SECRET', is_secret: true, values: [{ value: `sb_secret_${secret}` }] }, { key: 'VITE_ODD', values: [{ value: `sb_secret_${secret}` }] }, { key: 'VITE_NONE', is_secret: false, values: 'x' },
    ])
    const of = (name: string, value: object | null) => ({ kind: 'exposed_variable', name, value })
    expect(told).toEqual([of('VITE_KEY', nothing), of('VITE_KEY', { ...nothing, tokenRole: 'service_role' }), of('VITE_SECRET', null), of('VITE_ODD', null), of('VITE_NONE', null)])
    expect(JSON.stringify(told)).not.toContain(secret)
  })

  it.each(bad)('tells nothing for sure when its variables are %s', (_name, body) => expect(say({}, body)).toEqual(unknown('uses_backend', 'exposed_variable')))

  it('of a team are the variables that all of its sites share', () => {
    const account: ResourceDescription = { kind: 'account', externalId: 'a1', name: 'Acme', metadata: {} }
    expect(tell(netlify, account, { variables: [{ key: 'API', is_secret: false, values: [{ value: 'https://x.example' }] }] })).toEqual([{ kind: 'uses_backend', host: 'x.example', variable: 'API' }])
  })
})

describe('a GitHub repository', () => {
  const at = (metadata: ResourceDescription['metadata'] = {}): ResourceDescription =>
    ({ kind: 'repository', externalId: '1', name: 'acme/web', metadata: { owner: 'acme', repository: 'web', default_branch: 'main', address: 'https://github.com/Acme/Web', archived: false, ...metadata } })
  const bodies: Bodies = { repository: { private: true, security_and_analysis: { secret_scanning: { status: 'enabled' } } }, branch_protection: { enforce_admins: { enabled: true } }, branch_rules: [] }
  const unprotected = new Refused(404, { message: 'Branch not protected' })
  const fact = (protection: string, scanning: string, more: object = {}) => [expect.objectContaining({
    kind: 'repository', repository: 'github.com/acme/web', branch: 'main',
    protection: { state: protection, why: expect.stringMatching(/\.$/) as string }, secretScanning: { state: scanning, why: expect.stringMatching(/\.$/) as string }, ...more,
  })]

  it.each([
    ['looked after', bodies, {}, 'protected', 'on'], ['unprotected', { ...bodies, branch_protection: unprotected }, {}, 'unprotected', 'on'],
    ['protected by a ruleset', { ...bodies, branch_protection: unprotected, branch_rules: [{ type: 'pull_request' }] }, {}, 'protected', 'on'],
    ['protected by who knows what', { ...bodies, branch_protection: unprotected, branch_rules: [{ type: 'moonphase' }] }, {}, 'unknown', 'on'],
    ['not scanned', { ...bodies, repository: { security_and_analysis: { secret_scanning: { status: 'disabled' } } } }, {}, 'protected', 'off'],
    ['not scanned for all we know', { ...bodies, repository: { private: true } }, {}, 'protected', 'unknown'],
    ['hidden', { ...bodies, branch_protection: new Refused(404, { message: 'Not Found' }), repository: new Refused(403, {}) }, {}, 'unknown', 'unknown'],
    ['hidden in its rules', { ...bodies, branch_rules: new Refused(403, {}) }, {}, 'unknown', 'on'],
    ['malformed', { repository: 'x', branch_protection: 'x', branch_rules: {} }, {}, 'unknown', 'unknown'],
    ['empty', { repository: {}, branch_protection: {}, branch_rules: [] }, {}, 'unknown', 'unknown'],
    ['archived', bodies, { archived: true }, 'moot', 'moot'],
    ['without a branch', { ...bodies, branch_protection: new Refused(404, { message: 'Branch not found' }) }, {}, 'moot', 'on'],
  ])('is %s', (_name, bodies, metadata, protection, scanning) => expect(tell(github, at(metadata), bodies)).toEqual(fact(protection, scanning)))

  it('is nowhere when its address is not said', () => {
    for (const address of [null, '', 'x', 7]) expect(tell(github, at({ address }), bodies)).toEqual(unknown('repository'))
  })
})

it('a Supabase project is a backend, without a call', () => {
  const project: ResourceDescription = { kind: 'project', externalId: 'abcd', name: 'db', metadata: {} }
  expect(tell(supabase, project, {})).toEqual([expect.objectContaining({ kind: 'backend', hosts: ['abcd.supabase.co', 'db.abcd.supabase.co'] })])
  expect(publishersOf(supabase, project).flatMap(publisher => Object.keys(publisher.reads))).toEqual([])
})

it('publishers read what checks read anyway, of kinds that there are, and tell what is known', () => {
  for (const connector of allConnectors()) {
    const read = new Set(connector.checks.flatMap(check => Object.values(check.reads)).map(endpoint => endpoint.id))
    for (const publisher of publishersOf(connector)) {
      for (const endpoint of Object.values(publisher.reads)) expect(read).toContain(endpoint.id)
      for (const kind of publisher.tells) expect(signalKinds).toContain(kind)
    }
  }
})
