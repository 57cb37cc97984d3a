import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError, ProviderError } from '#server/errors'
import { encryptValue, useEncryptionKeys } from '#server/utils/encryption'
import { isSecretName, redact, redacted, redactText } from '#server/utils/redact'

useEncryptionKeys({ current: randomBytes(32).toString('base64') })
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'
const opaque = 'n9Xk2Lq7Vw4Rt8Yb1Zs6Dm3Fh5Gj0PcA_eU-iOaB9xQ'
const stored = encryptValue('a secret', 'access_token')

describe('names', () => {
  it.each([
    'authorization', 'Authorization', 'proxy-authorization', 'cookie', 'Set-Cookie', 'access_token', 'accessToken', 'refresh_token', 'token',
    'x-supabase-token', 'client_secret', 'clientSecret', 'SUPABASE_CLIENT_SECRET', 'password', 'newPassword', 'passwd', 'code', 'code_verifier',
    'codeVerifier', 'state', 'nonce', 'apikey', 'api_key', 'x-api-key', 'config', 'ENCRYPTION_KEY', 'encryptionKey', 'service_role_key',
    'serviceRoleKey', 'anon_key', 'database_url', 'DATABASE_URL', 'session', 'credentials', 'private_key', 'token_hash', 'jwt_secret', 'passphrase',
  ])('%s is a secret name', (name) => {
    expect(isSecretName(name)).toBe(true)
    expect(redact({ [name]: 'plain' })).toEqual({ [name]: redacted })
    expect(redact({ [name]: { nested: 'plain' } })).toEqual({ [name]: redacted })
    expect(redact({ [name]: ['plain'] })).toEqual({ [name]: redacted })
    expect(redact({ deep: [{ [name]: 'plain' }] })).toEqual({ deep: [{ [name]: redacted }] })
    expect(JSON.stringify(redact(new Map([[name, 'plain']])))).not.toContain('plain')
  })

  it.each(['message', 'status', 'integration_id', 'error_code', 'token_type', 'job', 'path', 'method', 'oauth_error', 'key_id', 'request_id', 'pass'])('%s is not', (name) => {
    expect(redact({ [name]: 'plain' })).toEqual({ [name]: 'plain' })
  })

  it.each(['a'.repeat(43), opaque, 'x'])('takes the key out of a calendar\'s address, in a path and in a sentence: %s', (key) => {
    expect(redactText(`/api/calendar/${key}.ics`)).toBe(`/api/calendar/${redacted}`)
    expect(redactText(`GET https://app.example.com/api/calendar/${key}.ics?x=1 failed`)).toBe(`GET https://app.example.com/api/calendar/${redacted}?x=1 failed`)
    expect(redact({ path: `/API/Calendar/${key}.ics` })).toEqual({ path: `/API/Calendar/${redacted}` })
    expect(redactText('/api/calendar')).toBe('/api/calendar')
  })

  it('keeps what gives nothing away', () => {
    const harmless = { refresh_token: null, has_token: true, tokens_refreshed: 3, state: undefined, code: 'invalid_grant' }
    expect(redact(harmless)).toEqual(harmless)
    expect(redact({ code: 'timeout' })).toEqual({ code: 'timeout' })
    expect(redact({ code: 123456, password: 1234, otp: 9 })).toEqual({ code: redacted, password: redacted, otp: redacted })
    expect(redact({ code: 'abcdef' })).toEqual({ code: redacted })
  })

  it('reads headers in each of their forms', () => {
    for (const headers of [
      new Headers({ 'cookie': 'sid=plain', 'x-ok': 'yes' }),
      { Cookie: 'sid=plain' }, [['cookie', 'sid=plain']], ['Host', 'a', 'Cookie', 'sid=plain'], { name: 'cookie', value: 'sid=plain' },
      new URLSearchParams({ code: 'plain' }),
    ]) expect(JSON.stringify(redact({ headers }))).not.toContain('plain')
  })
})

describe('shapes', () => {
  it.each([
    ['a JSON Web Token', `user ${jwt} came`, jwt],
    ['a cut JSON Web Token', `user ${jwt.slice(0, 60)}`, 'eyJhbGciOiJI'],
    ['a bearer header', 'Authorization: Bearer x', 'Bearer x'],
    ['a long bearer header', `"Bearer ${opaque}" is an invalid header value`, opaque],
    ['a basic header', 'Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['our own value', `row holds ${stored}`, stored],
    ['our own value without a key id', stored.slice(9), stored.slice(9)],
    ['a Supabase personal token', 'sbp_0102030405060708091011121314151617181920', '0102030405'],
    ['a Supabase OAuth token', 'sbp_oauth_0102030405060708', '0102030405'],
    ['a Supabase secret key', 'sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz', 'N7UND0U'],
    ['a GitHub token', 'ghs_16C7e42F292c6912E7710c838347Ae178B4a', '16C7e42F'],
    ['a GitHub fine-grained token', 'github_pat_11ABCDEFG0123456789_abcdefg', '11ABCDEFG'],
    ['a Slack token', 'xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy', '17653672481'],
    ['an AWS key id', 'AKIAIOSFODNN7EXAMPLE', 'AKIAIOSF'],
    ['a code in an address', 'GET /api/auth/supabase/callback?code=abc123&state=zzz', 'abc123'],
    ['a state in an address', 'GET /api/auth/supabase/callback?code=abc123&state=zzz', 'zzz'],
    ['a token in a fragment', 'https://app/#access_token=tiny', 'tiny'],
    ['a form', 'grant_type=refresh_token&refresh_token=tiny&x=1', 'tiny'],
    ['JSON', '{"access_token":"tiny","client_secret": "small"}', 'tiny'],
    ['JSON, second member', '{"access_token":"tiny","client_secret": "small"}', 'small'],
    ['JSON inside JSON', '{\\"refresh_token\\":\\"tiny\\"}', 'tiny'],
    ['JSON with a code', '{"code":"tiny"}', 'tiny'],
    ['a cookie header', 'cookie: sid=tiny', 'sid=tiny'],
    ['the second cookie of a header', 'Set-Cookie: a=1; other=tiny', 'tiny'],
    ['a password in an address', 'connect to postgres://admin:hun@ter2@db:5432/x failed', 'hun'],
    ['a password in another address', 'https://user:hunter2@host/x', 'hunter2'],
    ['an unknown long value in a query', `https://a/b?ticket=${'a1'.repeat(20)}`, 'a1a1a1'],
    ['an encryption key', `key ${Buffer.alloc(32, 7).fill('k', 3, 9).toString('base64')}`, 'BwcHa2tr'],
    ['a random word', `verifier was ${opaque}`, opaque],
  ])('%s goes', (_, text, secret) => {
    expect(text).toContain(secret)
    expect(redactText(text)).not.toContain(secret)
    expect(redactText(text)).toContain(redacted)
    expect(JSON.stringify(redact({ message: text, [text]: 1, list: [text] }))).not.toContain(secret)
  })

  it.each([
    'GET /v1/projects: timeout (HTTP 504)',
    'integration 5b0f4f0e-1111-4000-8000-000000000001 of organization 5b0f4f0e-1111-4000-8000-00000000000a',
    '/api/assessments?integration_id=5b0f4f0e-1111-4000-8000-000000000001&limit=50',
    'at createApiReader (file:///srv/app/server/oauth/http.ts:120:15)',
    'at node_modules/some-really-long-package-name-with-many-words/dist/index.js',
    'commit 1d1e7191268e068fe9cb6aba524d1c619a9c727b',
    'http://localhost:3000/integrations?error=access_denied',
    'security_definer_view, materialized_view_in_api, function_search_path_mutable',
  ])('leaves %j', text => expect(redactText(text)).toBe(text))

  it('hides any token of ours and any random value, wherever it stands', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.string(), fc.string(), (bytes, before, after) => {
      const value = encryptValue(Buffer.from(bytes).toString('hex'), 'access_token')
      expect(redactText(`${before} ${value} ${after}`)).not.toContain(value)
    }))
    for (let round = 0; round < 500; round += 1) {
      const secret = randomBytes(32).toString('base64url')
      expect(redactText(`state ${secret}.`)).not.toContain(secret)
    }
  })

  // What backtracks takes minutes for this: the test's own time limit tells.
  it('is linear: no text takes long', () => {
    const nasty = ['eyJ-', 'eyJaaaaaa.', 'a', 'A1', '://', 'a:', 'postgres://', 'Bearer ', 'token', 'token: ', '"code" ', '?a=', '&', 'sbp_', '-', '_', '0', 'aA0_'.repeat(9), 'abcdefgh:', `${'a'.repeat(16)}.`, '\\"']
    for (const part of nasty) {
      const text = part.repeat(70_000 / part.length)
      redactText(text.slice(0, 65_000))
      redactText(text)
    }
  })
})

describe('values', () => {
  it('survives everything', () => {
    const circle: Record<string, unknown> = { name: 'a' }
    circle.self = circle
    const hostile = new Proxy({}, { ownKeys() { throw new Error('no') } })
    const nasty = {
      circle, hostile, big: 12n, symbol: Symbol('x'), fn: () => 1, nan: Number.NaN, infinite: -Infinity, date: new Date(0), bad: new Date(Number.NaN),
      url: new URL('https://u:p@h/x?code=abc'), bytes: Buffer.from('secret'), map: new Map<unknown, unknown>([[{}, 1], ['a', 2]]), set: new Set([1]),
      get thrower(): string { throw new Error('no') }, nothing: Object.create(null), weird: '\uD800', empty: undefined,
      deep: JSON.parse(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`), wide: Array.from({ length: 5000 }, (_, index) => index),
    }
    const result = redact(nasty)
    expect(result).toMatchObject({
      circle: { name: 'a', self: '[circular]' }, hostile: '[unreadable]', big: '12', symbol: '[symbol]', fn: '[function]', nan: 'NaN', infinite: '-Infinity',
      date: '1970-01-01T00:00:00.000Z', bad: 'Invalid Date', bytes: '[6 bytes]', map: { '[key]': 1, 'a': 2 }, set: [1], thrower: '[unreadable]',
    })
    expect(JSON.stringify(result)).not.toMatch(/abc|u:p/)
    expect(JSON.stringify(result).length).toBeLessThan(10_000)
  })

  it('shows a shared object each time, and only a circle as one', () => {
    const shared = { a: 1 }
    expect(redact([shared, shared])).toEqual([{ a: 1 }, { a: 1 }])
  })

  it('cuts huge texts without leaving half a secret', () => {
    expect(redactText('x'.repeat(10_000))).toMatch(/^x{8192}… \[10000 characters\]$/)
    const long = `${'word '.repeat(13_105)}${jwt}`
    expect(redactText(long)).not.toContain('eyJ')
    expect(redactText('y'.repeat(1_000_000)).length).toBeLessThan(100)
  })

  it('bounds how much one value may write', () => {
    const tree = (depth: number): unknown => depth === 0 ? 'leaf' : Array.from({ length: 20 }, () => tree(depth - 1))
    expect(JSON.stringify(redact(tree(5))).length).toBeLessThan(50_000)
  })

  it('is no way to pollute a prototype', () => {
    const result = redact(JSON.parse('{"__proto__": {"polluted": true}}'))
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
  })

  it('never throws and always gives JSON', () => {
    fc.assert(fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withTypedArray: true }), (value) => {
      expect(() => JSON.stringify(redact(value))).not.toThrow()
    }))
  })
})

describe('errors', () => {
  it('keeps name, message, stack, code and cause, redacted', () => {
    const cause = Object.assign(new Error(`connect with Bearer ${opaque}`), { code: 'ECONNREFUSED' })
    const text = JSON.stringify(redact({ error: new ProviderError('unreachable', 'GET /v1/projects', { cause }) }))
    expect(text).toContain('ProviderError')
    expect(text).toContain('GET /v1/projects: unreachable')
    expect(text).toContain('"error_code":"ECONNREFUSED"')
    expect(text).toContain('redact.test.ts')
    expect(text).not.toContain(opaque)
  })

  it('does not follow what hangs on an error', () => {
    const error = Object.assign(new Error('failed'), { config: { headers: { authorization: 'plain' } }, response: { data: 'plain' }, code: 'a1b2c3d4e5f6' })
    expect(JSON.stringify(redact(error))).not.toMatch(/plain|a1b2/)
  })

  it('takes odd causes, circles and aggregates', () => {
    const circle = new Error('one')
    circle.cause = circle
    expect(redact(circle)).toMatchObject({ message: 'one', cause: '[circular]' })
    expect(redact(new Error('two', { cause: { access_token: 'plain' } }))).toMatchObject({ cause: { access_token: redacted } })
    expect(redact(new AggregateError([new AppError('not_found')], 'many'))).toMatchObject({ errors: [{ name: 'AppError', error_code: 'not_found' }] })
  })
})
