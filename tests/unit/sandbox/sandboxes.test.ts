import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSandboxes } from '#server/sandbox'
import type { StandIn, StandInOptions } from '#server/sandbox/stand-in'
import { fileStore, memoryStore, storedOnce } from '#server/sandbox/store'
import { openSandbox } from './supabase/browser'

const origin = 'http://localhost:3000'
let directory = ''

beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'sandbox-')) })
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('the file store', () => {
  it('is empty before it is written, and keeps what was saved last', () => {
    const path = join(directory, 'deep', 'state.json')
    expect(fileStore(path).load()).toBeUndefined()
    fileStore(path).save({ a: 1 })
    fileStore(path).save({ a: [2, null] })
    expect(fileStore(path).load()).toEqual({ a: [2, null] })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(directory, 'deep'))).toEqual(['state.json'])
  })

  it('says which file is damaged and what to do', () => {
    const path = join(directory, 'state.json')
    writeFileSync(path, '{"half":')
    expect(() => fileStore(path).load()).toThrow(`${path} is damaged`)
  })

  it('stores once, whoever is first', () => {
    const path = join(directory, 'client.json')
    expect(storedOnce(path, () => ({ id: 1 }))).toEqual({ id: 1 })
    expect(storedOnce(path, () => ({ id: 2 }))).toEqual({ id: 1 })
    expect(readdirSync(directory)).toEqual(['client.json'])
  })
})

it('the memory store hands out copies', () => {
  const store = memoryStore()
  expect(store.load()).toBeUndefined()
  store.save({ a: 1 })
  expect(store.load()).toEqual({ a: 1 })
  expect(store.load()).not.toBe(store.load())
})

describe('a restart', () => {
  it('keeps tokens, rotation and the memory of what was used', async () => {
    const open = () => openSandbox({ store: fileStore(join(directory, 'state.json')) })
    const tokens = await open().connect()
    expect((await open().get('/v1/projects', tokens.access_token)).status).toBe(200)
    expect((await open().refresh(tokens.refresh_token)).status).toBe(200)
    expect((await open().refresh(tokens.refresh_token)).status).toBe(400)
    expect((await open().get('/v1/projects', tokens.access_token)).status).toBe(401)
  })

  it('finds no token in clear on the disk', async () => {
    const path = join(directory, 'state.json')
    const tokens = await openSandbox({ store: fileStore(path) }).connect()
    const text = readFileSync(path, 'utf8')
    expect(text).not.toContain(tokens.access_token)
    expect(text).not.toContain(tokens.refresh_token)
    expect(text).not.toMatch(/code_|consent_|sb[pr]_sandbox/)
  })

  it.each([['{}'], ['[]'], ['{"version":2}'], ['null'], ['nonsense']])('refuses a damaged state %s', (text) => {
    const path = join(directory, 'state.json')
    writeFileSync(path, text)
    expect(() => openSandbox({ store: fileStore(path) })).toThrow(/damaged/)
  })
})

describe('createSandboxes', () => {
  it('offers a client whose addresses are its own', () => {
    const sandboxes = createSandboxes({ origin, directory: null })
    expect(sandboxes.providers).toContain('supabase')
    expect(sandboxes.client('supabase')).toEqual({
      clientId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      clientSecret: expect.stringMatching(/^sba_[0-9a-f]{40}$/),
      apiBase: `${origin}/sandbox/supabase`,
      authBase: `${origin}/sandbox/supabase`,
    })
    expect(sandboxes.client('nobody')).toBeNull()
  })

  it('keeps the client per directory, and forgets it without one', () => {
    expect(createSandboxes({ origin, directory }).client('supabase')).toEqual(createSandboxes({ origin, directory }).client('supabase'))
    expect(createSandboxes({ origin, directory: null }).client('supabase')).not.toEqual(createSandboxes({ origin, directory: null }).client('supabase'))
  })

  it('keeps what a stand-in registers beside the client, and hands it to both sides', () => {
    const seen: (StandInOptions['settings'])[] = []
    let registrations = 0
    const standIns: Record<string, StandIn> = {
      apps: {
        register: () => ({ clientId: 'id', clientSecret: 'secret', settings: { app_name: `app-${++registrations}` } }),
        create: ({ settings }) => {
          seen.push(settings)
          return { fetch: async () => new Response() }
        },
      },
    }
    for (let start = 0; start < 2; start++) {
      expect(createSandboxes({ origin, directory, standIns }).client('apps')).toMatchObject({ clientId: 'id', settings: { app_name: 'app-1' } })
    }
    expect(seen).toEqual([{ app_name: 'app-1' }, { app_name: 'app-1' }])
    expect(JSON.parse(readFileSync(join(directory, 'apps', 'client.json'), 'utf8'))).toEqual({ clientId: 'id', clientSecret: 'secret', settings: { app_name: 'app-1' } })
    expect(createSandboxes({ origin, directory: null, standIns }).client('apps')).not.toMatchObject({ settings: { app_name: 'app-1' } })
  })

  it('adds what an earlier version did not register, and leaves the rest', () => {
    const first = createSandboxes({ origin, directory }).client('slack')
    const path = join(directory, 'slack', 'client.json')
    writeFileSync(path, JSON.stringify({ clientId: first?.clientId, clientSecret: first?.clientSecret }))
    const second = createSandboxes({ origin, directory }).client('slack')
    expect(second).toMatchObject({ clientId: first?.clientId, clientSecret: first?.clientSecret, settings: { SIGNING_SECRET: expect.stringMatching(/^[0-9a-f]{32}$/) as string } })
    expect(createSandboxes({ origin, directory }).client('slack')).toEqual(second)
  })

  it('refuses a damaged client file by name', () => {
    createSandboxes({ origin, directory })
    writeFileSync(join(directory, 'supabase', 'client.json'), '{}')
    expect(() => createSandboxes({ origin, directory })).toThrow(/client\.json is damaged/)
  })

  it.each(['/api/auth/supabase/callback', '/api/auth/callback'])('accepts the callback %s', async (path) => {
    const sandboxes = createSandboxes({ origin, directory: null })
    const query = new URLSearchParams({
      client_id: sandboxes.client('supabase')?.clientId ?? '', redirect_uri: `${origin}${path}`, response_type: 'code', state: 's', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256',
    })
    expect((await sandboxes.fetch(new Request(`${origin}/sandbox/supabase/v1/oauth/authorize?${query}`))).status).toBe(200)
  })

  it.each(['/sandbox/nobody', '/sandbox/nobody/v1/projects', '/sandbox/constructor', '/api/sandbox/supabase', '/sandbox/constructor/x', '/'])('is 404 for %s', async (path) => {
    expect((await createSandboxes({ origin, directory: null }).fetch(new Request(`${origin}${path}`))).status).toBe(404)
  })

  it('passes faults to the provider they are meant for', async () => {
    const sandboxes = createSandboxes({ origin, directory: null, faults: { supabase: () => new Response(null, { status: 503 }) } })
    expect((await sandboxes.fetch(new Request(`${origin}/sandbox/supabase/v1/projects`))).status).toBe(503)
  })
})
