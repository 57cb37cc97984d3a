/** People: accounts, sessions, organizations, members and invitations, as a browser sees them. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApp } from '../support/app.ts'
import { ApiClient, expectStatus, newPerson, type Answer, type SessionBody } from '../support/client.ts'
import { newColleague, newCompany, type Company } from '../support/company.ts'
import { changeSessionCookie, expireAccessToken, readSessionCookie } from '../support/session-cookie.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => { stack = await startStack({ env: { TRUST_PROXY: '1' } }) })
afterAll(() => stack?.close())

/** From an address of its own, so that no limit counts it with the others. */
const visitor = () => new ApiClient(stack.app.url)
const someAddress = () => ({ 'x-forwarded-for': `192.0.2.${Math.floor(Math.random() * 250)}, 2001:db8::${randomUUID().slice(0, 4)}` })
const signUp = (client: ApiClient, body: object) => client.post<SessionBody>('/api/account', body, { headers: someAddress() })
async function newVisitor(name?: string) {
  const person = newPerson(name)
  const client = visitor()
  return { client, person, session: expectStatus(await signUp(client, person), 201) }
}
const problem = (answer: Answer) => answer.body as { code: string, errors?: { field: string }[] }
const fields = (answer: Answer) => problem(answer).errors?.map(error => error.field)
const sessionCookies = (client: ApiClient) => client.jar.all().filter(cookie => cookie.name.startsWith('session'))

describe('signing up', () => {
  it('makes the person the owner of the organization they name', async () => {
    const { client, person, session } = await newVisitor()
    expect(session).toEqual({
      user: { id: expect.any(String) as string, email: person.email }, organization: { id: expect.any(String) as string, name: person.organization },
      organizations: [{ id: session.organization?.id, name: person.organization, role: 'owner' }], role: 'owner',
    })
    expect((await client.get('/api/session')).body).toEqual(session)
  })

  it('names the organization after the address when they name none', async () => {
    const { email, password } = newPerson('ada')
    const session = expectStatus(await signUp(visitor(), { email, password }), 201)
    expect(session.organization?.name).toBe(`${email.split('@')[0]}'s organization`)
  })

  it('keeps the address in lower case, and takes it in any case afterwards', async () => {
    const { email, password } = newPerson('Grace')
    const session = expectStatus(await signUp(visitor(), { email: ` ${email.toUpperCase()} `, password }), 201)
    expect(session.user.email).toBe(email.toLowerCase())
    await visitor().signIn({ email: email.toUpperCase(), password })
  })

  it('refuses an address that has an account, whatever its case, and signs nobody in', async () => {
    const { person } = await newVisitor()
    const client = visitor()
    const answer = await signUp(client, { email: person.email.toUpperCase(), password: 'another password' })
    expect([answer.status, problem(answer).code, fields(answer)]).toEqual([409, 'account_exists', ['email']])
    expect(sessionCookies(client)).toEqual([])
    await visitor().signIn(person)
  })

  it.each([
    ['a short password', { password: 'short' }, ['password']], ['a password of 73 bytes', { password: 'é'.repeat(36) + 'xx' }, ['password']],
    ['no address', { email: 'nobody' }, ['email']], ['an unknown field', { role: 'owner' }, ['role']], ['a role smuggled in', { user_metadata: { admin: true } }, ['user_metadata']],
    ['an empty organization', { organization: ' ' }, ['organization']], ['a long organization', { organization: 'x'.repeat(101) }, ['organization']],
    ['no invitation token', { invitation: 'x' }, ['invitation']], ['another type', { email: ['a@example.com'] }, ['email']],
  ])('refuses %s by name', async (_, change, expected) => {
    const client = visitor()
    const answer = await signUp(client, { ...newPerson(), ...change })
    expect([answer.status, problem(answer).code, fields(answer)]).toEqual([400, 'invalid_request', expected])
    expect(client.jar.all()).toEqual([])
  })
})

describe('signing in', () => {
  it('says the same for a wrong password and for an address nobody has', async () => {
    const { person } = await newVisitor()
    const wrong = await visitor().post('/api/session', { email: person.email, password: 'wrong password' })
    const unknown = await visitor().post('/api/session', { email: newPerson().email, password: 'wrong password' })
    expect(wrong.status).toBe(401)
    expect(problem(wrong).code).toBe('invalid_credentials')
    expect(unknown.text).toBe(wrong.text)
    const names = ({ headers }: Answer) => [...headers.keys()].sort()
    expect(names(unknown)).toEqual(names(wrong))
    expect(wrong.headers.getSetCookie()).toEqual([])
  })

  it('keeps the session where no script reads it, and nothing of it in the answer', async () => {
    const { person } = await newVisitor()
    const client = visitor()
    const answer = await client.post('/api/session', { email: person.email, password: person.password })
    const cookies = answer.headers.getSetCookie().filter(line => !/max-age=0/i.test(line))
    expect(cookies.length).toBeGreaterThan(0)
    for (const line of cookies) {
      expect(line).toMatch(/; HttpOnly/i)
      expect(line).toMatch(/; SameSite=Lax/i)
      expect(line).toMatch(/; Path=\/(?:;|$)/i)
      expect(line).not.toMatch(/; (?:Secure|Domain)/i)
    }
    const { access_token, refresh_token } = readSessionCookie(client.jar)
    expect(answer.text.includes(access_token) || answer.text.includes(refresh_token)).toBe(false)
  })

  it('marks the cookies Secure where the address is https', async () => {
    // Only the cookies are looked at, so this needs no proxy that speaks TLS.
    const app = await startApp({ env: { APP_URL: 'https://app.example' } })
    try {
      const answer = await new ApiClient(app.url).post('/api/account', newPerson(), { origin: 'https://app.example' })
      expect(answer.status).toBe(201)
      for (const line of answer.headers.getSetCookie()) expect(line).toMatch(/; Secure/i)
    }
    finally {
      await app.stop()
    }
  })

  it('does not carry over the organization of whoever was signed in before', async () => {
    const first = await newVisitor()
    const second = await newVisitor()
    await first.client.put('/api/session/organization', { organization_id: first.session.organization?.id })
    const session = await first.client.signIn(second.person)
    expect(session.organization?.id).toBe(second.session.organization?.id)
    expect(first.client.jar.all().some(cookie => cookie.name === 'organization')).toBe(false)
  })
})

describe('signing out', () => {
  it('ends the session for every copy of its cookies', async () => {
    const { client } = await newVisitor()
    const thief = new ApiClient(stack.app.url, client.jar.copy())
    expect((await thief.get('/api/session')).status).toBe(200)
    expect((await client.delete('/api/session')).status).toBe(204)
    expect(client.jar.all()).toEqual([])
    expect((await client.get('/api/session')).status).toBe(401)

    expect((await thief.get('/api/session')).status).toBe(401)
    expect((await thief.get('/api/integrations')).status).toBe(401)
    const later = new ApiClient(stack.app.url, thief.jar.copy())
    expireAccessToken(later.jar)
    expect((await later.get('/api/session')).status).toBe(401)
  })

  it('leaves the person\'s other browsers signed in', async () => {
    const { client, person } = await newVisitor()
    const elsewhere = visitor()
    await elsewhere.signIn(person)
    await client.delete('/api/session')
    expect((await elsewhere.get('/api/session')).status).toBe(200)
  })

  it('tidies up where there is no session any more', async () => {
    const { client } = await newVisitor()
    const copy = new ApiClient(stack.app.url, client.jar.copy())
    await client.delete('/api/session')
    expect((await copy.delete('/api/session')).status).toBe(204)
    expect(copy.jar.all()).toEqual([])
    expect((await visitor().delete('/api/session')).status).toBe(204)
  })

  it('ends the session of an access token, too', async () => {
    const { client } = await newVisitor()
    const headers = { authorization: `Bearer ${readSessionCookie(client.jar).access_token}` }
    expect((await visitor().get('/api/session', { headers })).status).toBe(200)
    expect((await visitor().delete('/api/session', { headers, origin: null })).status).toBe(204)
    expect((await visitor().get('/api/session', { headers })).status).toBe(401)
    expireAccessToken(client.jar)
    expect((await client.get('/api/session')).status).toBe(401)
  })
})

describe('a session that is about to end', () => {
  const stale = async () => {
    const { client } = await newVisitor()
    expireAccessToken(client.jar)
    return { client, before: readSessionCookie(client.jar) }
  }

  it('is renewed by a call, and the browser gets the new cookies', async () => {
    const { client, before } = await stale()
    const answer = await client.get('/api/session')
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie().every(line => /httponly/i.test(line) && /samesite=lax/i.test(line))).toBe(true)
    const after = readSessionCookie(client.jar)
    expect(after.refresh_token).not.toBe(before.refresh_token)
    expect(after.expires_at).toBeGreaterThan(Date.now() / 1000 + 1000)
    expect((await client.get('/api/integrations')).headers.getSetCookie()).toEqual([])
  })

  it('is renewed by a page, which is rendered for the person', async () => {
    const { client, before } = await stale()
    const page = await client.get('/integrations', { headers: { accept: 'text/html' } })
    expect(page.status).toBe(200)
    expect(readSessionCookie(client.jar).refresh_token).not.toBe(before.refresh_token)
    expect((await client.get('/api/session')).status).toBe(200)
  })

  it('serves calls that come at once', async () => {
    const { client } = await stale()
    const answers = await Promise.all(Array.from({ length: 6 }, () => new ApiClient(stack.app.url, client.jar.copy()).get('/api/session')))
    expect(answers.map(answer => answer.status)).toEqual([200, 200, 200, 200, 200, 200])
  })

  it.each([
    ['a refresh token that nobody issued', { refresh_token: 'nobody-issued-this', expires_at: 1 }],
    ['an access token that nobody signed', { access_token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDAiLCJyb2xlIjoic2VydmljZV9yb2xlIn0.' }],
    ['no JSON', {}],
  ])('is nobody\'s with %s', async (name, change) => {
    const { client } = await stale()
    if (name === 'no JSON') client.jar.store(new Headers({ 'set-cookie': 'session=base64-bm90IGpzb24; Path=/' }))
    else changeSessionCookie(client.jar, { expires_at: Date.now(), ...change })
    expect((await client.get('/api/session')).status).toBe(401)
    expect((await client.get('/', { headers: { accept: 'text/html' } })).status).toBeLessThan(400)
  })
})

describe('a bearer token', () => {
  it.each(['Bearer', 'Bearer ', 'Bearer x', 'Basic YTpi', 'Bearer a b', 'bearer eyJ.eyJ.x'])('%j is nobody, even beside good cookies', async (authorization) => {
    const { client } = await newVisitor()
    const answer = await client.get('/api/session', { headers: { authorization } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  it('is not the service\'s key', async () => {
    const key = stack.backend.env.SUPABASE_SERVICE_ROLE_KEY ?? 'sb_secret_x'
    expect((await visitor().get('/api/integrations', { headers: { authorization: `Bearer ${key}` } })).status).toBe(401)
  })
})

describe('organizations', () => {
  it('are made, switched to, and told apart', async () => {
    const { client, session } = await newVisitor()
    const second = expectStatus(await client.post<SessionBody>('/api/organizations', { name: 'Second' }), 201)
    expect(second.organization?.name).toBe('Second')
    expect(second.organizations).toHaveLength(2)
    expect((await client.get<SessionBody>('/api/session')).body.organization?.name).toBe('Second')
    const back = await client.put<SessionBody>('/api/session/organization', { organization_id: session.organization?.id })
    expect([back.status, back.body.organization]).toEqual([200, session.organization])
    expect((await client.get<SessionBody>('/api/session')).body.organization).toEqual(session.organization)
    const cookie = client.jar.all().find(one => one.name === 'organization')
    expect(cookie?.attributes).toMatch(/HttpOnly/i)
  })

  it('are named by a header, too, for callers without cookies', async () => {
    const { client, session } = await newVisitor()
    const second = expectStatus(await client.post<SessionBody>('/api/organizations', { name: 'Second' }), 201)
    for (const id of [session.organization?.id ?? '', second.organization?.id ?? '']) {
      expect((await client.get<SessionBody>('/api/session', { headers: { 'x-organization-id': id } })).body.organization?.id).toBe(id)
    }
  })

  it('that are not one\'s own can\'t be switched to', async () => {
    const { client } = await newVisitor()
    const { session } = await newVisitor()
    for (const id of [session.organization?.id, randomUUID()]) {
      const answer = await client.put('/api/session/organization', { organization_id: id })
      expect([answer.status, problem(answer).code]).toEqual([404, 'not_found'])
      expect(answer.headers.getSetCookie()).toEqual([])
    }
  })

  it('never take a write that names another one', async () => {
    const { client, session } = await newVisitor()
    for (const id of [randomUUID(), (await newVisitor()).session.organization?.id ?? '']) {
      const headers = { 'x-organization-id': id }
      const answer = await client.post('/api/invitations', { email: 'x@example.com' }, { headers })
      expect([answer.status, problem(answer).code]).toEqual([404, 'not_found'])
      expect((await client.get('/api/audit', { headers })).status).toBe(404)
    }
    expect(session.organization).not.toBeNull()
    expect((await client.get<{ data: unknown[] }>('/api/invitations')).body.data).toEqual([])
  })

  it('one was removed from give way to one\'s own', async () => {
    const acme = await newCompany(stack)
    const { client, person, session } = await newVisitor()
    const { url } = expectStatus(await acme.owner.client.post<{ url: string }>('/api/invitations', { email: person.email }), 201)
    const joined = expectStatus(await client.post<SessionBody>('/api/invitations/accept', { token: new URL(url).hash.slice(1) }), 200)
    expect(joined.organization?.id).toBe(acme.organizationId)
    await acme.owner.client.delete(`/api/members/${joined.user.id}`)

    // What the session says and what the lists are of must be the same organization.
    await client.get('/', { headers: { accept: 'text/html' } })
    expect((await client.get<SessionBody>('/api/session')).body.organization).toEqual(session.organization)
    const members = await client.get<{ data: { user_id: string }[] }>('/api/members')
    expect(members.body.data.map(member => member.user_id)).toEqual([session.user.id])
  })
})

describe('members', () => {
  let acme: Company
  beforeAll(async () => { acme = await newCompany(stack) })
  const list = async () => (await acme.owner.client.get<{ data: { user_id: string, email: string, role: string, created_at: string }[] }>('/api/members')).body.data

  it('are listed with their addresses, newest first, to members', async () => {
    expect((await list()).map(({ user_id, role }) => [user_id, role])).toEqual([[acme.member.id, 'member'], [acme.admin.id, 'admin'], [acme.owner.id, 'owner']])
    expect((await list())[2]).toMatchObject({ email: acme.owner.person.email, created_at: expect.stringMatching(/^\d{4}-.*Z$/) as string })
  })

  it.each([
    ['admin', 'member', 'owner'], ['admin', 'owner', 'member'], ['member', 'admin', 'member'],
  ] as const)('%s can\'t make %s a %s', async (who, whom, role) => {
    const answer = await acme[who].client.patch(`/api/members/${acme[whom].id}`, { role })
    expect([answer.status, problem(answer).code]).toEqual([403, 'forbidden'])
  })

  it('keep an owner', async () => {
    for (const answer of [await acme.owner.client.patch(`/api/members/${acme.owner.id}`, { role: 'admin' }), await acme.owner.client.delete(`/api/members/${acme.owner.id}`)]) {
      expect([answer.status, problem(answer).code]).toEqual([409, 'last_owner'])
    }
  })

  it('change roles, and lose at once what the old one allowed', async () => {
    const { client, id } = await newColleague(stack, acme.owner.client, 'admin')
    expect((await client.get('/api/audit')).status).toBe(200)
    const changed = await acme.owner.client.patch<{ role: string }>(`/api/members/${id}`, { role: 'member' })
    expect([changed.status, changed.body.role]).toEqual([200, 'member'])
    expect((await client.get('/api/audit')).status).toBe(403)
    expect((await acme.owner.client.patch(`/api/members/${id}`, { role: 'owner' })).status).toBe(200)
    expect((await client.get('/api/audit')).status).toBe(200)
    expect((await client.patch(`/api/members/${id}`, { role: 'member' })).status).toBe(200)
    expect((await acme.admin.client.delete(`/api/members/${id}`)).status).toBe(204)
    // Of no organization now: told so, and not let see what was.
    expect(problem(await client.get('/api/audit')).code).toBe('no_organization')
    expect((await client.get<SessionBody>('/api/session')).body).toMatchObject({ organization: null, organizations: [], role: null })
  })

  it('may leave', async () => {
    const { client, id } = await newColleague(stack, acme.owner.client, 'member')
    expect((await client.delete(`/api/members/${id}`)).status).toBe(204)
    expect((await list()).some(member => member.user_id === id)).toBe(false)
  })
})

describe('invitations', () => {
  let acme: Company
  beforeAll(async () => { acme = await newCompany(stack) })
  interface Invited { id: string, email: string, role: string, url: string, expires_at: string }
  const invite = async (email: string, role?: string) => {
    const invitation = expectStatus(await acme.admin.client.post<Invited>('/api/invitations', { email, ...(role ? { role } : {}) }), 201)
    return { ...invitation, token: new URL(invitation.url).hash.slice(1) }
  }

  it('show their link once, in the part of an address that no server sees', async () => {
    const { id, url, token, role } = await invite('Someone.New@Example.com')
    expect(new URL(url).origin).toBe(new URL(stack.app.url).origin)
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(role).toBe('member')
    const list = await acme.owner.client.get<{ data: Invited[] }>('/api/invitations')
    expect(list.body.data.find(one => one.id === id)).toMatchObject({ email: 'someone.new@example.com' })
    expect(list.text.includes(token)).toBe(false)
    expect(list.text).not.toContain('hash')
  })

  it('tell whoever holds the link what they are for', async () => {
    const { token } = await invite('someone@example.com', 'admin')
    const answer = await visitor().post('/api/invitations/lookup', { token })
    expect(answer.body).toEqual({ organization: acme.owner.person.organization, email: 'someone@example.com', role: 'admin' })
  })

  it('admit by signing up, without an organization of one\'s own beside', async () => {
    const { email, password } = newPerson()
    const { token } = await invite(email, 'admin')
    const client = visitor()
    const session = expectStatus(await signUp(client, { email, password, invitation: token }), 201)
    expect(session).toMatchObject({ organization: { id: acme.organizationId }, organizations: [{ id: acme.organizationId, role: 'admin' }], role: 'admin' })
    expect((await visitor().post('/api/invitations/lookup', { token })).status).toBe(410)
  })

  it('admit somebody who has an account already, and switch to the organization', async () => {
    const { client, person } = await newVisitor()
    const { token } = await invite(person.email)
    const session = expectStatus(await client.post<SessionBody>('/api/invitations/accept', { token }), 200)
    expect(session.organization?.id).toBe(acme.organizationId)
    expect(session.organizations).toHaveLength(2)
    expect((await client.get<SessionBody>('/api/session')).body.organization?.id).toBe(acme.organizationId)
  })

  it('are no good to anybody else: not to sign up, not to join', async () => {
    const { token, email } = await invite(newPerson().email)
    const { client } = await newVisitor()
    const joined = await client.post('/api/invitations/accept', { token })
    expect([joined.status, problem(joined).code]).toEqual([410, 'invitation_invalid'])
    const stranger = visitor()
    const answer = await signUp(stranger, { ...newPerson(), invitation: token })
    expect([answer.status, problem(answer).code]).toEqual([410, 'invitation_invalid'])
    expect(stranger.jar.all()).toEqual([])
    // It is still there for the one it is for, and for them no account was made meanwhile.
    expectStatus(await signUp(visitor(), { email, password: 'correct horse battery', invitation: token }), 201)
  })

  it('are no good once withdrawn, used, or made up', async () => {
    const { id, token, email } = await invite(newPerson().email)
    expect((await acme.admin.client.delete(`/api/invitations/${id}`)).status).toBe(204)
    expect((await acme.admin.client.delete(`/api/invitations/${id}`)).status).toBe(404)
    for (const bad of [token, 'A'.repeat(43)]) {
      expect((await visitor().post('/api/invitations/lookup', { token: bad })).status).toBe(410)
      expect((await signUp(visitor(), { email, password: 'correct horse battery', invitation: bad })).status).toBe(410)
    }
    const used = await invite(newPerson().email)
    const join = () => signUp(visitor(), { email: used.email, password: 'correct horse battery', invitation: used.token })
    expectStatus(await join(), 201)
    expect((await join()).status).toBe(410)
  })

  it.each([[{ email: 'x@example.com', role: 'owner' }, ['role']], [{ email: 'nobody' }, ['email']], [{}, ['email']], [{ email: 'x@example.com', organization_id: randomUUID() }, ['organization_id']]])(
    'refuse %j', async (body, expected) => {
      const answer = await acme.admin.client.post('/api/invitations', body)
      expect([answer.status, fields(answer)]).toEqual([400, expected])
    })
})

describe('a forgotten password', () => {
  const embedded = () => stack.backend.mode === 'embedded'

  it('is said to be beyond this installation where it can send no mail', async () => {
    const { person } = await newVisitor()
    const answers = [await visitor().post('/api/password/reset', { email: person.email }), await visitor().post('/api/password/reset', { email: newPerson().email })]
    const [known, unknown] = answers
    expect(answers.map(answer => answer.status)).toEqual(embedded() ? [409, 409] : [202, 202])
    expect(known?.text).toBe(unknown?.text)
    if (embedded()) expect(answers.map(answer => problem(answer).code)).toEqual(['mail_unavailable', 'mail_unavailable'])
  })

  it('is not set anew with a token that nobody sent', async () => {
    const client = visitor()
    const answer = await client.put('/api/password', { token_hash: 'made-up', password: 'correct horse battery' })
    expect([answer.status, problem(answer).code]).toEqual([410, 'invitation_invalid'])
    expect(sessionCookies(client)).toEqual([])
  })
})

describe('deleting an organization', () => {
  const end = (client: ApiClient, id: string | undefined, name: string | undefined) => client.delete<{ receipts: unknown[] }>(`/api/organizations/${id}`, { json: { name } })

  it('takes its owner and its name', async () => {
    const { client, session: { organization } } = await newVisitor()
    for (const name of ['another', organization?.name.toUpperCase(), `${organization?.name}.`]) {
      const answer = await end(client, organization?.id, name)
      expect([answer.status, problem(answer).code, fields(answer)]).toEqual([400, 'invalid_request', ['name']])
    }
    const company = await newCompany(stack)
    const { name } = expectStatus(await company.owner.client.get<SessionBody>('/api/session'), 200).organization ?? { name: '' }
    for (const [who, status] of [[company.admin.client, 403], [company.member.client, 403], [client, 404]] as const) expect((await end(who, company.organizationId, name)).status).toBe(status)
    expect(expectStatus(await end(company.owner.client, company.organizationId, ` ${name} `), 200)).toEqual({ receipts: [] })
    for (const colleague of [company.owner, company.admin, company.member]) {
      expect(expectStatus(await colleague.client.get<SessionBody>('/api/session'), 200)).toMatchObject({ organization: null, organizations: [], role: null })
      expect(problem(await colleague.client.get('/api/integrations')).code).toBe('no_organization')
    }
  })

  it('leaves the browser in another one of the person\'s, or in the one where it is', async () => {
    const { client, session: { organization: first } } = await newVisitor()
    const add = async (name: string) => expectStatus(await client.post<SessionBody>('/api/organizations', { name }), 201).organization
    const [second, third] = [await add('Second'), await add('Third')]
    const current = async () => expectStatus(await client.get<SessionBody>('/api/session'), 200).organization?.id
    expect(await current()).toBe(third?.id)
    expectStatus(await end(client, second?.id, 'Second'), 200)
    expect(await current()).toBe(third?.id)
    expectStatus(await end(client, third?.id, 'Third'), 200)
    expect(await current()).toBe(first?.id)
    expect(client.jar.all().filter(cookie => cookie.name === 'organization')).toEqual([])
    expect((await client.get('/api/integrations')).status).toBe(200)
  })
})
