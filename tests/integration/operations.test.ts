/** The app as an operator meets it: health, logs, headers, limits, ending. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KEEP_ALIVE_MS } from '#server/utils/keep-alive'
import { startApp } from '../support/app.ts'
import { openBackend } from '../support/backend.ts'
import { ApiClient, expectStatus, type Answer } from '../support/client.ts'
import { rawHttp } from '../support/raw-http.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let client: ApiClient
beforeAll(async () => {
  stack = await startStack()
  client = await stack.person()
})
afterAll(() => stack?.close())

const page = (path: string, as = client) => as.get(path, { headers: { accept: 'text/html' } })

describe('health', () => {
  it('says whether, and nothing else, to anybody', async () => {
    const answer = await new ApiClient(stack.app.url).get('/api/health')
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok', checks: { database: true, queue: true } }])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect((await fetch(`${stack.app.url}/api/health`, { method: 'HEAD' })).status).toBe(200)
  })

  it('comes over a connection that stays open for longer than those in front keep theirs', async () => {
    const headers = (await new ApiClient(stack.app.url).get('/api/health')).headers
    expect(headers.get('keep-alive')).toBe(`timeout=${KEEP_ALIVE_MS / 1_000}`)
  })
})

describe('the log', () => {
  it('is one JSON object a line', () => {
    // One line is Nitro's own, before anything of ours runs.
    const lines = stack.app.output().split('\n').filter(line => line.trim() !== '' && !line.startsWith('Listening on http://'))
    expect(lines.filter(line => !line.startsWith('{'))).toEqual([])
    for (const line of stack.app.logs()) expect(line).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*Z$/) as string, level: expect.any(String) as string, message: expect.any(String) as string })
  })

  it('has a line for each request, with the id that the answer carries, without query and body', async () => {
    const answer = await client.get('/api/findings?status=open&severity=high')
    const id = answer.headers.get('x-request-id')
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const line = await until(() => stack.app.logs().find(one => one.request_id === id && one.message === 'request'))
    expect(line).toMatchObject({ level: 'info', method: 'GET', path: '/api/findings', status: 200, ms: expect.any(Number) as number })
    expect(JSON.stringify(line)).not.toContain('severity')
  })

  it.each([['a-fine-id_12345', true], ['short', false], ['x'.repeat(65), false], ['bad id with spaces', false], ['a{"b":1}cccc', false]])(
    'takes the caller\'s request id %j: %s', async (given, taken) => {
      const seen = (await client.get('/api/session', { headers: { 'x-request-id': given } })).headers.get('x-request-id')
      expect(seen === given).toBe(taken)
    })

  it('names the request of a refusal in its problem, and hides the cause of what nobody expected', async () => {
    const answer = await client.get('/api/integrations/not-an-id')
    expect(answer.body).toMatchObject({ instance: '/api/integrations/not-an-id' })
    expect(answer.text).not.toMatch(/stack|node_modules|at .*\.mjs/)
  })
})

describe('security headers', () => {
  const common = {
    'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
  }
  const header = (answer: Answer, name: string) => answer.headers.get(name)
  const policy = (answer: Answer) => new Map((header(answer, 'content-security-policy') ?? '').split(/;\s*/).map((part) => {
    const [name = '', ...values] = part.trim().split(/\s+/)
    return [name, values]
  }))

  it.each(['/', '/sign-in', '/integrations', '/api/session', '/api/nowhere', '/api/health', '/favicon.svg', '/nowhere'])('stand on %s', async (path) => {
    const answer = await page(path)
    for (const [name, value] of Object.entries(common)) expect([name, header(answer, name)?.toLowerCase()]).toEqual([name, value.toLowerCase()])
    expect([...answer.headers.keys()].filter(name => /^(?:access-control-|x-powered-by|server$)/.test(name))).toEqual([])
    expect(header(answer, 'strict-transport-security')).toBeNull()
    // A file is served before anything of ours runs, and holds nothing of anybody's.
    if (!path.endsWith('.svg')) expect(header(answer, 'cross-origin-resource-policy')).toBe('same-origin')
  })

  it('let scripts run by nonce only, a new one for each page', async () => {
    const first = await page('/sign-in', new ApiClient(stack.app.url))
    const second = await page('/sign-in', new ApiClient(stack.app.url))
    const [a, b] = [first, second].map(answer => policy(answer))
    const scripts = a?.get('script-src') ?? []
    expect(scripts).toContain('\'strict-dynamic\'')
    expect(scripts.join(' ')).not.toMatch(/unsafe-inline|unsafe-eval|\*|https?:/)
    const nonce = scripts.find(one => one.startsWith('\'nonce-'))?.slice(7, -1) ?? ''
    expect(Buffer.from(nonce, 'base64').length).toBeGreaterThanOrEqual(16)
    expect(b?.get('script-src')).not.toContain(`'nonce-${nonce}'`)
    const bare = [...first.text.matchAll(/<script\b[^>]*>/g)].map(match => match[0]).filter(tag => !tag.includes(`nonce="${nonce}"`) && !/type="application\/json"/.test(tag))
    expect(bare).toEqual([])
    expect(first.text).not.toMatch(/<[^>]+\son\w+="/)
    for (const [name, values] of [['default-src', '\'none\''], ['object-src', '\'none\''], ['base-uri', '\'none\''], ['frame-ancestors', '\'none\''], ['form-action', '\'self\''], ['connect-src', '\'self\''], ['script-src-attr', '\'none\'']] as const) {
      expect([name, a?.get(name)]).toEqual([name, [values]])
    }
    expect(a?.has('upgrade-insecure-requests')).toBe(false)
    expect(header(first, 'cross-origin-opener-policy')).toBe('same-origin')
  })

  it('keep answers of the API out of every cache', async () => {
    for (const path of ['/api/session', '/api/integrations', '/api/nowhere', '/api/health']) expect(header(await client.get(path), 'cache-control')).toBe('no-store')
  })

  it('keep a page with somebody\'s data out of shared caches', async () => {
    expect(header(await page('/integrations'), 'cache-control') ?? 'no-store').toMatch(/no-store|private/)
  })

  it('name HSTS, on pages and API, where the address is https', async () => {
    const backend = await openBackend('embedded')
    const app = await startApp({ env: { ...backend.env, APP_URL: 'https://app.example' } })
    try {
      for (const path of ['/sign-in', '/api/health', '/api/nowhere']) {
        expect([path, (await page(path, new ApiClient(app.url))).headers.get('strict-transport-security')]).toEqual([path, 'max-age=31536000; includeSubDomains'])
      }
    }
    finally {
      await app.stop()
    }
  })
})

describe('what is no call', () => {
  it.each([['GET', '/api/nowhere'], ['POST', '/api/nowhere'], ['GET', '/api'], ['GET', '/api/'], ['PUT', '/api/integrations'], ['DELETE', '/api/health'], ['PATCH', '/api/session'], ['OPTIONS', '/api/session'], ['GET', '/api/integrations/x/y/z'], ['GET', '/api/invitations/lookup']])(
    '%s %s is a problem, not a page', async (method, path) => {
      const answer = await client.call(method, path, { headers: { accept: 'text/html' } })
      expect([answer.status, answer.headers.get('content-type'), answer.body]).toMatchObject([404, 'application/problem+json', { code: 'not_found', status: 404 }])
    })

  it.each(['/api/integrations/%E0%A4%A', '/api/integrations/%00', '/api/%2e%2e/session', '/api/integrations/..%2f..', `/api/integrations/${'x'.repeat(4000)}`])('%s is the caller\'s fault', async (path) => {
    const { status, text } = await rawHttp(stack.app.port, `GET ${path} HTTP/1.1\r\nHost: localhost:${stack.app.port}\r\nCookie: ${client.jar.header('/')}\r\nConnection: close\r\n\r\n`)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(text).toContain('application/problem+json')
  })
})

describe('bodies', () => {
  const post = (body: string, type = 'application/json', path = '/api/organizations') => client.call('POST', path, { body, headers: { 'content-type': type } })
  const outcome = (answer: Answer) => [answer.status, (answer.body as { code?: string } | undefined)?.code]

  it.each([
    ['{', 'application/json', 400, 'invalid_json'], ['{"name": "x"}', 'text/plain', 415, 'unsupported_media_type'], ['name=x', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['{"name": "x"}', 'text/plain; charset=application/json', 415, 'unsupported_media_type'], ['null', 'application/json', 400, 'invalid_request'], ['[]', 'application/json', 400, 'invalid_request'],
    ['"x"', 'application/json', 400, 'invalid_request'], ['{"name": null}', 'application/json', 400, 'invalid_request'], ['{"name": "x", "name2": 1}', 'application/json', 400, 'invalid_request'],
    ['{"__proto__": {"name": "x"}}', 'application/json', 400, 'invalid_request'], ['', 'application/json', 400, 'invalid_request'], [`{"name": "${'x'.repeat(70_000)}"}`, 'application/json', 413, 'body_too_large'],
  ])('%.40j as %s: %i %s', async (body, type, status, code) => expect(outcome(await post(body, type))).toEqual([status, code]))

  it('are counted while they arrive, whatever their length is said to be', async () => {
    const chunk = `10000\r\n${'x'.repeat(65536)}\r\n`
    const head = `POST /api/session HTTP/1.1\r\nHost: localhost:${stack.app.port}\r\nContent-Type: application/json\r\n`
    const chunked = await rawHttp(stack.app.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}${chunk}`)
    expect(chunked.status).toBe(413)
    expect(chunked.text).toContain('"code":"body_too_large"')
    // Both at once is request smuggling: Node refuses it before anything of ours sees it.
    const both = await rawHttp(stack.app.port, `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
    expect(both.status).toBe(400)
  })

  it('are not read before it is known who asks', async () => {
    const answer = await new ApiClient(stack.app.url).call('POST', '/api/organizations', { body: 'x'.repeat(200_000), headers: { 'content-type': 'application/json' } })
    expect(answer.status).toBe(401)
  })
})

describe('ending', () => {
  it('takes SIGTERM and SIGINT for a wish, ends with 0 within 15 seconds, and starts again at once', async () => {
    const other = await startStack()
    try {
      const someone = await other.person()
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        expectStatus(await someone.get('/api/session'), 200)
        const asked = performance.now()
        expect(await other.app.kill(signal)).toEqual({ code: 0, signal: null })
        expect(performance.now() - asked).toBeLessThan(15_000)
        await other.app.restart()
      }
      // Not even a session was lost.
      expectStatus(await someone.get('/api/session'), 200)
      expect(other.app.logs().filter(line => line.level === 'error')).toEqual([])
    }
    finally {
      await other.close()
    }
  })
})
