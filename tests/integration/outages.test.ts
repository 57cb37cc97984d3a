/** Supabase mode: the database, the auth server or the queue is away, and comes back. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startApp, type TestApp } from '../support/app.ts'
import { openBackend, type Backend } from '../support/backend.ts'
import { ApiClient, newPerson, type Answer } from '../support/client.ts'
import { expireAccessToken } from '../support/session-cookie.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const person = newPerson()
let backend: Backend
let api: TcpProxy
let postgres: TcpProxy
let app: TestApp
let client: ApiClient

describe.skipIf(inject('databaseMode') === 'embedded')('a part of the installation that is away', () => {
  beforeAll(async () => {
    backend = await openBackend()
    api = await startTcpProxy(backend.env.SUPABASE_URL ?? '')
    postgres = await startTcpProxy(backend.env.DATABASE_URL ?? '')
    app = await startApp({ env: { ...backend.env, SUPABASE_URL: api.through(backend.env.SUPABASE_URL ?? ''), DATABASE_URL: postgres.through(backend.env.DATABASE_URL ?? '') } })
    client = new ApiClient(app.url)
    await client.signUp(person)
  })
  afterAll(async () => {
    api?.restore()
    postgres?.restore()
    await app?.stop()
    await api?.close()
    await postgres?.close()
    await backend?.close()
  })

  const health = () => new ApiClient(app.url).get<{ status: string, checks: Record<string, boolean> }>('/api/health')
  const outcome = (answer: Answer) => [answer.status, (answer.body as { code?: string }).code]

  it.each([
    ['the database is gone', () => api, 'cut', { database: false, queue: true }],
    ['the database hangs', () => api, 'hang', { database: false, queue: true }],
    ['the queue is gone', () => postgres, 'cut', { database: true, queue: false }],
    ['the queue hangs', () => postgres, 'hang', { database: true, queue: false }],
  ] as const)('%s: 503 says which, soon, and 200 when it is back', async (_, proxy, how, checks) => {
    proxy()[how]()
    try {
      const asked = performance.now()
      const answer = await health()
      expect(performance.now() - asked).toBeLessThan(8_000)
      expect([answer.status, answer.body]).toEqual([503, { status: 'unavailable', checks }])
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
    finally {
      proxy().restore()
    }
    await until(async () => (await health()).status === 200, { what: 'the app to be healthy again' })
  })

  it('is told apart from a wrong password and from a lost session', async () => {
    const stale = new ApiClient(app.url, client.jar.copy())
    expireAccessToken(stale.jar)
    const unseen = new ApiClient(app.url)
    await unseen.signIn(person)
    api.cut()
    try {
      expect(outcome(await new ApiClient(app.url).post('/api/session', person && { email: person.email, password: person.password }))).toEqual([503, 'unavailable'])
      expect(outcome(await new ApiClient(app.url).post('/api/account', newPerson()))).toEqual([503, 'unavailable'])
      expect(outcome(await stale.get('/api/session'))).toEqual([503, 'unavailable'])
      expect(outcome(await unseen.get('/api/integrations'))).toEqual([503, 'unavailable'])
      expect((await client.get('/integrations', { headers: { accept: 'text/html' } })).status).toBeLessThan(600)
    }
    finally {
      api.restore()
    }
    // Nobody was signed out by it.
    await until(async () => (await stale.get('/api/session')).status === 200, { what: 'the session to work again' })
    expect((await unseen.get('/api/integrations')).status).toBe(200)
  })

  it('does not end the process', () => expect(app.running()).toBe(true))
})
