/** Attempts are counted: per address and account, per address, per person. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiClient, newPerson, type Answer } from '../support/client.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
const webhookKey = randomBytes(32).toString('hex')
beforeAll(async () => {
  stack = await startStack({ env: { TRUST_PROXY: '1', GITHUB_CLIENT_ID: 'a', GITHUB_CLIENT_SECRET: 'b', GITHUB_WEBHOOK_SECRET: webhookKey, LOG_LEVEL: 'error' } })
})
afterAll(() => stack?.close())

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
const client = () => new ApiClient(stack.app.url)

/** Calls until it is refused. @returns how many were let through */
async function countUntilRefused(call: () => Promise<Answer>, atMost: number): Promise<number> {
  for (let count = 0; count <= atMost; count++) {
    const answer = await call()
    if (answer.status !== 429) continue
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body).toMatchObject({ code: 'rate_limited', status: 429 })
    const seconds = Number(answer.headers.get('retry-after'))
    expect(seconds).toBeGreaterThanOrEqual(1)
    expect(seconds).toBeLessThanOrEqual(60)
    return count
  }
  return Infinity
}

describe('signing in', () => {
  it('is refused after ten attempts on one account from one address, even with the right password', async () => {
    const person = newPerson()
    await client().post('/api/account', person, from('198.51.100.1'))
    const guess = (password: string, address: string) => client().post('/api/session', { email: person.email, password }, from(address))
    expect(await countUntilRefused(() => guess('wrong', '198.51.100.2'), 20)).toBe(10)
    expect((await guess(person.password, '198.51.100.2')).status).toBe(429)
    // Somebody else's guesses do not lock the person out.
    expect((await guess(person.password, '198.51.100.3')).status).toBe(200)
  })

  it('is refused after a hundred attempts from one address, whatever the accounts', async () => {
    let index = 0
    const spray = () => client().post('/api/session', { email: `p${index++}@example.com`, password: 'Winter2026!' }, from('198.51.100.4'))
    expect(await countUntilRefused(spray, 120)).toBe(100)
  })

  it('counts the address that the proxy saw, not what the caller wrote before it', async () => {
    let index = 0
    const guess = () => client().post('/api/session', { email: 'one@example.com', password: 'x' }, from(`203.0.113.${index++}, 198.51.100.5`))
    expect(await countUntilRefused(guess, 20)).toBe(10)
  })
})

describe('other attempts', () => {
  it('sign-ups, per address', async () => {
    const signUp = () => client().post('/api/account', { email: 'nobody' }, from('198.51.100.6'))
    expect((await signUp()).status).toBe(400)
    // A malformed one costs nothing: it never gets as far as the auth server.
    const whole = () => client().post('/api/account', { ...newPerson(), invitation: 'A'.repeat(43) }, from('198.51.100.6'))
    expect(await countUntilRefused(whole, 40)).toBe(30)
  })

  it('invitation and password tokens, per address, together', async () => {
    let index = 0
    const guess = () => index++ % 2
      ? client().post('/api/invitations/lookup', { token: 'A'.repeat(43) }, from('198.51.100.7'))
      : client().put('/api/password', { token_hash: 'x', password: 'correct horse battery' }, from('198.51.100.7'))
    expect(await countUntilRefused(guess, 40)).toBe(30)
  })

  it('starts of a connection, per person', async () => {
    const someone = await stack.person()
    // Sixty that are never finished: the browser's cookies must not outgrow what a server takes.
    expect(await countUntilRefused(() => someone.get('/api/auth/supabase/login'), 70)).toBe(60)
    expect((await someone.get('/api/auth/login', { headers: { accept: 'text/html' } })).location).toBe('/integrations?error=rate_limited')
    expect((await (await stack.person()).get('/api/auth/supabase/login')).status).toBe(302)
  })
})

it('forged deliveries, per provider and address; genuine ones are taken whatever their number', async () => {
  const body = JSON.stringify({ action: 'added', installation: { id: 7, account: { id: 8 } } })
  const deliver = (key: string) => client().call('POST', '/api/webhooks/github', {
    body, origin: null,
    headers: {
      ...from('198.51.100.8').headers, 'content-type': 'application/json', 'x-github-event': 'installation_repositories', 'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
    },
  })
  expect(await countUntilRefused(() => deliver('another key'), 320)).toBe(300)
  expect((await deliver(webhookKey)).status).toBe(202)
})
