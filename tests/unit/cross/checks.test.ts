import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crossChecks } from '#server/cross'
import type { Told } from '#server/cross/contract'
import { shapeOf, type Signal } from '#server/connectors/signals'
import { daysAgo, evaluate, neighbour, told, type Say } from './tell'

type Row = [when: string, own: Told, others: ReturnType<typeof neighbour>[], verdict: string, says: RegExp]

const web = 'git.example/acme/web'
const deploys = (branch: string | null = 'main', repository = web) => told('deploys', [{ repository, branch }])
type Repository = Omit<Signal<'repository'>, 'kind'>
const good: Repository = { repository: web, branch: 'main', protection: { state: 'protected', why: 'A rule protects it.' }, secretScanning: { state: 'on', why: 'Scanning is on.' } }
const repository = (changes: Partial<Repository> = {}, rest: Partial<Say<'repository'>> = {}) => neighbour({ kind: 'repository', facts: [{ ...good, ...changes }], ...rest })
const unsaid = { state: 'unknown', why: 'Only administrators see it.' } as const
const moot = { state: 'moot', why: 'It is archived.' } as const
const silent = neighbour({ kind: 'repository', unknown: 'The grant lacks a permission. It needs metadata:read.' })
const unread = neighbour({ kind: 'repository', seenAt: null })
const elsewhere = repository({ repository: 'git.example/acme/other' })

const keys = { names: ['SERVICE_ROLE', 'ACME_SECRET'], publicNames: ['ANON', 'PUBLISHABLE'], secretPrefixes: ['ac_secret_'], tokenRoles: ['service_role'] }
const hosts = ['x1.backend.example', 'db.x1.backend.example']
const backend = (rest: Partial<Say<'backend'>> = {}) => neighbour({ kind: 'backend', facts: [{ hosts, keys }], ...rest })
const exposed = (name: string, value: string | null, unknown: string | null = null) => told('exposed_variable', [{ name, value: value === null ? null : shapeOf(value) }], unknown)
const token = (role: string) => ['{"alg":"HS256"}', `{"role":"${role}"}`, 'signature'].map(part => Buffer.from(part).toString('base64url')).join('.')
const own = told('backend', [{ hosts, keys }])
const uses = (host: string, rest: Partial<Say<'uses_backend'>> = {}) => neighbour({ kind: 'uses_backend', facts: [{ host, variable: 'API_URL' }], ...rest })

/** Of the repository, whichever is asked about. */
const doubts: Row[] = [
  ['the repository was read eight days ago', deploys(), [repository({}, { seenAt: daysAgo(8) })], 'error', /more than 7 days/],
  ['it was read on a day to come', deploys(), [repository({}, { seenAt: daysAgo(-1) })], 'error', /more than 7 days/],
  ['nothing was read of the only one', deploys(), [unread], 'error', /not been read yet/],
  ['somebody hides which it is', deploys(), [elsewhere, silent], 'error', /metadata:read/],
  ['where production comes from is seen in part', { ...deploys(), unknown: 'A part is hidden.' }, [repository()], 'error', /A part is hidden/],
]

const tables: Record<string, Row[]> = {
  cross_production_branch_protected: [
    ['it is', deploys(), [repository()], 'pass', /A rule protects it/],
    ['it is not', deploys(), [repository({ protection: { state: 'unprotected', why: 'Nothing protects it.' } })], 'fail', /Nothing protects it/],
    ['two connections cover it, of which one sees nothing', deploys(), [repository({ protection: unsaid }), repository()], 'pass', /A rule protects it/],
    ['two disagree', deploys(), [repository(), repository({ protection: { state: 'unprotected', why: 'Nothing protects it.' } })], 'fail', /Nothing/],
    ['one was read lately, one long ago', deploys(), [repository({ protection: unsaid }, { seenAt: daysAgo(30) }), repository()], 'pass', /protects/],
    ['one of two repositories is not', told('deploys', [{ repository: web, branch: 'main' }, { repository: 'git.example/acme/api', branch: 'main' }]), [repository(), repository({ repository: 'git.example/acme/api', protection: { state: 'unprotected', why: 'Nothing protects it.' } })], 'fail', /Nothing/],
    ['the answer is hidden', deploys(), [repository({ protection: unsaid })], 'error', /Only administrators/],
    ['production comes from another branch', deploys('release'), [repository()], 'error', /from release.*main only/],
    ['the branch is not said', deploys(null), [repository()], 'error', /which branch/],
    ['the repository has no branch', deploys(), [repository({ branch: null })], 'error', /no branch only/],
    ['it is archived', deploys(), [repository({ protection: moot })], 'not_applicable', /archived/],
    ['no connection covers it', deploys(), [elsewhere], 'not_applicable', /No connection covers git.example\/acme\/web/],
    ['there are no others', deploys(), [], 'not_applicable', /No connection covers/],
    ...doubts,
  ],
  cross_production_repository_scanned: [
    ['it is', deploys(), [repository()], 'pass', /Scanning is on/],
    ['it is not', deploys(), [repository({ secretScanning: { state: 'off', why: 'Scanning is off.' } })], 'fail', /off/],
    ['the branch does not matter', deploys(null), [repository()], 'pass', /on/],
    ['the answer is hidden', deploys(), [repository({ secretScanning: unsaid })], 'error', /Only administrators/],
    ['it is archived', deploys(), [repository({ secretScanning: moot })], 'not_applicable', /archived/],
    ['no connection covers it', deploys(), [elsewhere], 'not_applicable', /No connection covers/],
    ...doubts,
  ],
  cross_production_repository_connected: [
    ['it is', deploys(), [repository()], 'pass', /Their connection covers it/],
    ['it is, and its rules are hidden', deploys(), [repository({ protection: unsaid, secretScanning: unsaid })], 'pass', /covers it/],
    ['another of the same host is', deploys(), [elsewhere], 'fail', /No connection covers git.example\/acme\/web/],
    ['one whose name begins alike is', deploys(), [repository({ repository: `${web}-old` })], 'fail', /No connection/],
    ['nobody reads that host', deploys('main', 'code.example/acme/web'), [elsewhere], 'not_applicable', /repositories of code.example/],
    ['there are no others', deploys(), [], 'not_applicable', /repositories of git.example/],
    ['another has not been read for long', deploys(), [elsewhere, repository({ repository: 'git.example/acme/third' }, { seenAt: daysAgo(9) })], 'error', /more than 7 days/],
    ...doubts,
  ],
  cross_server_key_not_in_browser: [
    ['the key is the browser\'s', exposed('PUBLIC_ACME_ANON_KEY', token('anon')), [backend()], 'pass', /No variable/],
    ['a name gives it away', exposed('PUBLIC_ACME_SERVICE_ROLE_KEY', null), [backend()], 'fail', /1 variable that browsers get holds a server key/],
    ['a name in another spelling does', exposed('VITE_acmeServiceRole', 'x'), [backend()], 'fail', /server key/],
    ['a token\'s role does', exposed('PUBLIC_ACME_ANON_KEY', token('service_role')), [backend()], 'fail', /server key/],
    ['a key says itself that it is secret', exposed('PUBLIC_KEY', `ac_secret_${'x'.repeat(30)}`), [backend()], 'fail', /server key/],
    ['an address has the password in it', exposed('PUBLIC_DB', 'postgres://admin:hunter22@db.x1.backend.example:5432/main'), [backend()], 'fail', /server key/],
    ['an address with a password leads elsewhere, perhaps there by another name', exposed('PUBLIC_DB', 'https://a:b@elsewhere.example'), [backend()], 'error', /is not known/],
    ['one that gives it away, and a part is hidden', exposed('PUBLIC_SERVICE_ROLE', null, 'A part is hidden.'), [backend()], 'fail', /server key/],
    ['one that gives it away, and another backend is not read', exposed('PUBLIC_SERVICE_ROLE', null), [backend(), backend({ seenAt: null })], 'fail', /server key/],
    ...['PUBLIC_ACME_KEY', 'NEXT_PUBLIC_API_KEY', 'NEXT_PUBLIC_DB_TOKEN', 'VITE_SERVICE_KEY', 'VITE_apiKey', 'VITE_APIKEY', 'PUBLIC_KEY', 'NEXT_PUBLIC_KEY', 'REACT_APP_JWT', 'VITE_DB_PASSWORD',
      'NEXT_PUBLIC_DATABASE_URL', 'VITE_POSTGRES_CONNECTION_STRING', 'NEXT_PUBLIC_CANONICAL_API_KEY', 'NEXT_PUBLIC_ANON_SERVICE_KEY', 'VITE_MAPS_ADMIN_SECRET'].map((name): Row =>
      [`a value could not be read, and ${name} may hold any key`, exposed(name, null), [backend()], 'error', /^Which key 1 variable .* is not known/]),
    ...['PUBLIC_ACME_ANON_KEY', 'NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY', 'VITE_PUSH_PUBLIC_KEY', 'VITE_CAPTCHA_SITE_KEY', 'NEXT_PUBLIC_API_URL', 'VITE_TOKEN_URL', 'NEXT_PUBLIC_ANALYTICS_KEY', 'NEXT_PUBLIC_GA_ID', 'VITE_TITLE', 'VITE_KEYBOARD'].map((name): Row =>
      [`a value could not be read, and ${name} is no server's`, exposed(name, null), [backend()], 'pass', /No variable/]),
    ['a value has no form, and its name says secret', exposed('VITE_JWT_SECRET', 'Zm9v'), [backend()], 'error', /is not known/],
    ['a value has no form, and is called a key', exposed('VITE_MAIL_KEY', 'Zm9v'), [backend()], 'pass', /No variable/],
    ['it may be, but for its name', exposed('PUBLIC_ACME_PUBLISHABLE_KEY', null), [backend()], 'pass', /No variable/],
    ['a key to maps could not be read', exposed('PUBLIC_MAPS_API_KEY', null), [backend()], 'pass', /where its value could be read/],
    ['a part is hidden', exposed('PUBLIC_TITLE', 'Acme', 'The provider sent a part of the variables only.'), [backend()], 'error', /a part/],
    ['the backend was read long ago', exposed('PUBLIC_TITLE', 'Acme'), [backend({ seenAt: daysAgo(8) })], 'error', /more than 7 days/],
    ['the backend is hidden', exposed('PUBLIC_TITLE', 'Acme'), [neighbour({ kind: 'backend', unknown: 'The provider refused the call.' })], 'error', /refused/],
    ['there is no backend', exposed('PUBLIC_TITLE', 'Acme'), [], 'not_applicable', /No connection has a backend/],
  ],
  cross_backend_deploy_target_connected: [
    ['one uses it', own, [uses('x1.backend.example')], 'pass', /a uses_backend uses it/],
    ['one uses its database', own, [uses('db.x1.backend.example')], 'pass', /uses it/],
    ['one uses it, another hides', own, [neighbour({ kind: 'uses_backend', unknown: 'Hidden.' }), uses('x1.backend.example')], 'pass', /uses it/],
    ['none does', own, [uses('x2.backend.example'), neighbour({ kind: 'uses_backend' })], 'fail', /No connected deployment/],
    ['a host that only ends alike', own, [uses('ax1.backend.example')], 'fail', /No connected deployment/],
    ['nothing is deployed', own, [], 'fail', /No connected deployment/],
    ['none seems to, and a part is hidden', own, [uses('x2.backend.example', { unknown: 'The grant lacks a permission. It needs env:read.' })], 'error', /env:read/],
    ['none seems to, and one has not been read', own, [uses('x2.backend.example'), neighbour({ kind: 'uses_backend', seenAt: null })], 'error', /not been read yet/],
    ['one did, eight days ago', own, [uses('x1.backend.example', { seenAt: daysAgo(8) })], 'error', /more than 7 days/],
    ['none did, eight days ago', own, [uses('x2.backend.example', { seenAt: daysAgo(8) })], 'error', /more than 7 days/],
    ['its own addresses are not known', { ...own, unknown: 'Hidden.' }, [uses('x1.backend.example')], 'error', /Hidden/],
  ],
}

it('every check has a table', () => {
  expect(Object.keys(tables).sort()).toEqual(crossChecks.map(check => check.id).sort())
})

describe.each(Object.keys(tables))('%s', (id) => {
  const rows = tables[id] ?? []

  it.each(rows)('when %s', (_when, told, others, verdict, says) => {
    const evaluation = evaluate(id, told, others)
    expect(evaluation.verdict).toBe(verdict)
    expect(evaluation.summary).toMatch(says)
    expect(evaluation.summary).toMatch(/\.$/)
    // Neither a key nor a password, nor what it is made of.
    expect(JSON.stringify(evaluation)).not.toMatch(/hunter22|xxxx|eyJ/)
  })

  it('names both sides when it fails or passes', () => {
    for (const [when, told, others, verdict] of rows.filter(([,, others, verdict]) => others.length > 0 && verdict === 'pass')) {
      expect(evaluate(id, told, others).evidence, `${when}: ${verdict}`).toMatchObject({ connection: 'Their connection', provider: 'Somewhere', resource: expect.any(String) as string, seen_at: expect.any(String) as string })
    }
  })

  it('passes only with what was seen lately', () => {
    const passing = rows.filter(row => row[3] === 'pass')
    expect(passing.length).toBeGreaterThan(0)
    fc.assert(fc.property(fc.constantFrom(...passing), fc.oneof(fc.constant(null), fc.integer({ min: 8, max: 4_000 }).map(daysAgo), fc.integer({ min: 1, max: 4_000 }).map(days => daysAgo(-days))), ([, told, others], seenAt) => {
      const aged = others.map(({ kind, neighbour }) => ({ kind, neighbour: { ...neighbour, seenAt } }))
      return evaluate(id, told, aged).verdict !== 'pass'
    }), { numRuns: 200 })
  })

  it('passes on nothing that others do not say', () => {
    for (const [, told, others] of rows.filter(row => row[3] === 'pass')) {
      const mute = others.map(({ kind, neighbour }) => ({ kind, neighbour: { ...neighbour, facts: [], unknown: 'Hidden.' } }))
      expect(evaluate(id, told, mute)).toMatchObject({ verdict: 'error' })
      expect(evaluate(id, told, []).verdict).not.toBe('pass')
    }
  })
})

describe('the checks', () => {
  it('say why, what to do, and what they map to', () => {
    expect(new Set(crossChecks.map(check => check.id)).size).toBe(crossChecks.length)
    expect(crossChecks.length).toBeGreaterThanOrEqual(5)
    for (const { id, category, title, rationale, remediation, soc2, iso27001, without } of crossChecks) {
      expect(id).toMatch(/^cross_[a-z_]+$/)
      expect(category).toBe('cross_provider')
      for (const text of [rationale, without, ...remediation.steps]) expect(text).toMatch(/\.$/)
      expect(title).not.toMatch(/\.$/)
      expect(remediation.url).toMatch(/^https:\/\//)
      expect(soc2).toMatchObject({ own: true, criteria: expect.arrayContaining([expect.stringMatching(/^CC\d\.\d$/)]) as string[] })
      for (const control of iso27001?.controls ?? []) expect(control).toMatch(/^A\.\d+\.\d+$/)
    }
  })

  it('name no provider', () => {
    expect(JSON.stringify(crossChecks)).not.toMatch(/supabase|github|vercel|netlify|slack|aws/i)
  })
})
