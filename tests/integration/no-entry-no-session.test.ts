/** Sessions and the audit log, as a browser sees it: who can't be noted is not let in, and may always leave. */
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ApiClient, newPerson } from '../support/client.ts'
import { refusableEntries, type RefusedEntries } from '../support/refused-entries.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
let entries: RefusedEntries
let connection: postgres.Sql
beforeAll(async () => {
  stack = await startStack()
  connection = postgres(stack.backend.supabase?.databaseUrl ?? '', { max: 1, onnotice: () => {} })
  entries = await refusableEntries(async <R>(text: string, parameters: unknown[] = []) => [...await connection.unsafe(text, parameters as never[])] as R[])
})
afterAll(async () => {
  await connection?.end()
  await stack?.close()
})
afterEach(() => entries.accept())

const visitor = () => new ApiClient(stack.app.url)
const sessionCookies = (client: ApiClient) => client.jar.all().filter(cookie => cookie.name.startsWith('session'))
const refused = { status: 503, body: { code: 'audit_unavailable', detail: 'The audit log could not be written, so this was not done.' } }

it('nobody signs in', async () => {
  const person = newPerson()
  await visitor().signUp(person)
  await entries.refuse('session.signed_in')
  const client = visitor()
  expect(await client.post('/api/session', { email: person.email, password: person.password })).toMatchObject(refused)
  expect(sessionCookies(client)).toEqual([])
  expect((await client.get('/api/session')).status).toBe(401)
  await entries.accept()
  await client.signIn(person)
  expect((await client.get('/api/session')).status).toBe(200)
})

it.each(['organization.created', 'account.created'])('nobody signs up: %s', async (action) => {
  const person = newPerson()
  await entries.refuse(action)
  const client = visitor()
  expect(await client.post('/api/account', person)).toMatchObject(refused)
  expect(sessionCookies(client)).toEqual([])
  await entries.accept()
  // The account is there; the organization is, or is made now.
  const session = await client.signIn(person)
  expect(session.organization?.name).toBe(person.organization)
})

it('whoever is signed in may leave', async () => {
  const client = visitor()
  await client.signUp()
  await entries.refuse()
  expect((await client.delete('/api/session')).status).toBe(204)
  expect((await client.get('/api/session')).status).toBe(401)
})

it('and a deed is answered with what happened: nothing', async () => {
  const client = visitor()
  await client.signUp()
  await entries.refuse()
  expect(await client.post('/api/invitations', { email: 'new@example.com' })).toMatchObject(refused)
  expect((await client.get('/api/invitations')).body).toMatchObject({ data: [] })
  expect(await client.connect()).toBe('/integrations?error=audit_unavailable')
  expect((await client.get('/api/integrations')).body).toMatchObject({ data: [] })
})
