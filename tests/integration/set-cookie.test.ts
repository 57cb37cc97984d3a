/**
 * Cookies hold no credential: every Set-Cookie of every route is one of a closed list, with exactly its attributes, and
 * holds nothing of a provider, encrypted or clear. Beside "Always true" 1, which looks at the main flow's answers as they
 * are, this calls every route and takes the values apart.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { useEncryptionKeys } from '#server/utils/encryption'
import { newEncryptionKey } from '../support/backend.ts'
import { newPerson } from '../support/client.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { ciphertext, dumpDataDir, dumpPostgres, findSecrets } from './always-true/leaks.ts'
import { faultsOf, parseSetCookies, type SetCookie } from './set-cookie/known.ts'
import { callEveryRoute, everyRoute, setEveryCookie } from './set-cookie/tour.ts'
import { decodings, openedFlow, openedSession, wholeValues } from './set-cookie/values.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Watched { calls: Set<string>, answers: SetCookie[][] }

/** Records which calls are made in this process, and the cookies of each answer. */
function watchCookies(origin: string): Watched {
  const { fetch } = globalThis
  const watched: Watched = { calls: new Set(), answers: [] }
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init)
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.origin !== origin) return response
    const call = `${init?.method ?? 'GET'} ${url.pathname}`
    watched.calls.add(call)
    watched.answers.push(parseSetCookies(call, response.headers.getSetCookie()))
    return response
  }
  closers.push(() => { globalThis.fetch = fetch })
  return watched
}

function isCalled(route: string, calls: Set<string>): boolean {
  const [method = '', pattern = ''] = route.split(' ')
  const path = pattern.replace(/[.]/g, '\\.').replace('**', '.+').replace(/:\w+/g, '[^/]+')
  const shape = new RegExp(`^${method === 'ALL' ? '[A-Z]+' : method} ${path}$`)
  return [...calls].some(call => shape.test(call))
}

/** Every encrypted value that is stored, and the part of each without its key's id. */
async function storedValues(stack: Stack): Promise<string[]> {
  await stack.app.kill('SIGTERM')
  const { supabase } = stack.backend
  const rows = supabase ? await dumpPostgres(supabase.databaseUrl) : await dumpDataDir(stack.app.dataDir)
  return rows.filter(row => row.table === 'config').flatMap(({ row }) => row.match(ciphertext) ?? []).flatMap(value => [value, value.split('.').at(-1) ?? value])
}

/** What stands in a cookie's value that must not. */
function leaksOf({ call, name, value }: { call: string, name: string, value: string }, secrets: string[]): string[] {
  const texts = decodings(value)
  if (name.startsWith('connect_')) texts.push(openedFlow(value))
  // The sealed flow looks like one of our values, and is none: it has no key's id.
  const found = texts.flatMap(text => [...findSecrets(text, secrets), ...text.match(ciphertext) ?? []])
  return found.map(one => `${call} sets ${name}: ${one}`)
}

it('every Set-Cookie of every route is known, and holds nothing of a provider', { timeout: 240_000 }, async () => {
  const encryptionKey = newEncryptionKey()
  // As behind a proxy that names nobody: the limits on signing in count by account and address.
  const stack = await startStack({ env: { ENCRYPTION_KEY: encryptionKey } })
  closers.push(stack.close)
  useEncryptionKeys({ current: encryptionKey })
  const watched = watchCookies(stack.app.url)
  await setEveryCookie(stack)
  await callEveryRoute(stack)

  expect(everyRoute().filter(route => !isCalled(route, watched.calls)), 'To fix: call them in tests/integration/set-cookie/tour.ts').toEqual([])
  const all = watched.answers.flat()
  for (const name of [/^session/, /^organization$/, /^connect_/]) {
    const named = all.filter(cookie => name.test(cookie.name))
    expect([named.some(cookie => cookie.value !== ''), named.some(cookie => cookie.value === '')], `${name} is set and taken away`).toEqual([true, true])
  }
  expect([...new Set(all.flatMap(cookie => faultsOf(cookie, false)))]).toEqual([])

  const values = watched.answers.flatMap(wholeValues)
  // Supabase's own session could carry a provider's: `provider_token`, `provider_refresh_token`.
  const fields = new Set(values.filter(({ name }) => name === 'session').flatMap(({ value }) => Object.keys(openedSession(value))))
  fields.delete('weak_password')
  expect([...fields].sort()).toEqual(['access_token', 'expires_at', 'expires_in', 'refresh_token', 'token_type', 'user'])
  const stored = await storedValues(stack)
  const secrets = [...stack.provider.secrets, stack.provider.clientSecret, encryptionKey, ...stored]
  expect(stack.provider.secrets.size).toBeGreaterThan(20)
  expect(stored.length).toBeGreaterThan(0)
  expect(values.flatMap(value => leaksOf(value, secrets))).toEqual([])
})

it('over https every cookie is Secure', async () => {
  const stack = await startStack({ env: { APP_URL: 'https://integrations.example.com' } })
  closers.push(stack.close)
  const watched = watchCookies(stack.app.url)
  const client = await stack.person(newPerson())
  await client.get('/api/auth/supabase/login')
  await client.post('/api/organizations', { name: 'Another' })
  await client.delete('/api/session')
  const all = watched.answers.flat()
  expect(new Set(all.map(cookie => cookie.name.split('_')[0]))).toEqual(new Set(['session', 'organization', 'connect']))
  expect(all.flatMap(cookie => faultsOf(cookie, true))).toEqual([])
})

describe('it would see', () => {
  const good = 'session=x; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax'
  const faults = (line: string, secure = false) => parseSetCookies('GET /api/session', [line]).flatMap(cookie => faultsOf(cookie, secure))

  it.each([
    ['token=x; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax', 'not in the list'],
    ['sb-access-token=x; Path=/; HttpOnly; SameSite=Lax', 'not in the list'],
    ['session=x; Max-Age=34560000; Path=/; SameSite=Lax', 'httponly=nothing'],
    ['session=x; Max-Age=34560000; Path=/; HttpOnly; SameSite=None', 'samesite=None'],
    ['session=x; Max-Age=34560001; Path=/; HttpOnly; SameSite=Lax', 'max-age=34560001'],
    ['session=; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax', 'not 0'],
    ['session=x; Path=/; HttpOnly; SameSite=Lax', 'max-age=nothing'],
    ['session=x; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax; Domain=example.com', 'domain=example.com'],
    ['connect_0123456789abcdef=x; Max-Age=600; Path=/; HttpOnly; SameSite=Lax', 'path=/, not /api/auth'],
    ['connect_0123456789abcdef=x; Max-Age=600; Path=/api/auth; HttpOnly; SameSite=Lax', 'which only /api/auth/ may'],
  ])('%s', (line, fault) => expect(faults(line).join('\n')).toContain(fault))

  it('a cookie that is not Secure on https, and nothing in one that is as it should be', () => {
    expect(faults(good)).toEqual([])
    expect(faults(good, true)).toEqual(['GET /api/session sets session with secure=nothing, not true'])
  })

  const secret = 'sbp_oauth_0123456789abcdef0123456789abcdef01234567'
  const hidden: [string, string][] = [
    ['clear', secret],
    ['percent', encodeURIComponent(JSON.stringify({ token: `${secret}%` }))],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64url of JSON', `base64-${Buffer.from(JSON.stringify({ user: { provider_token: secret } })).toString('base64url')}`],
    ['in a signed token', `eyJh.${Buffer.from(JSON.stringify({ token: secret })).toString('base64url')}.c2ln`],
    ['base64 in base64 in JSON', Buffer.from(JSON.stringify({ a: Buffer.from(secret).toString('base64url') })).toString('base64')],
  ]
  it.each(hidden)('a secret that is %s', (_, value) => expect(leaksOf({ call: 'GET /', name: 'session', value }, [secret])).not.toEqual([]))

  it('an encrypted value, whoever\'s', () => {
    const value = `0a1b2c3d:${'i'.repeat(16)}.${'t'.repeat(22)}.${'c'.repeat(40)}`
    for (const text of [value, Buffer.from(value).toString('base64url')]) expect(leaksOf({ call: 'GET /', name: 'session', value: text }, [])).not.toEqual([])
  })

  it('a session in parts as one', () => {
    const parts = parseSetCookies('GET /', ['session.0=ab%3D; Path=/', 'session.1=cd; Path=/', 'session=; Path=/'])
    expect(wholeValues(parts)).toEqual([{ call: 'GET /', name: 'session', value: 'ab=cd' }])
  })
})
