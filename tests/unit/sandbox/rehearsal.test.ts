/** The control page: who may use it, what it switches, and what calls meet then. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { createSandboxes, type Sandboxes } from '#server/sandbox'

const origin = 'http://localhost:3000'
let directory = ''
let sandboxes: Sandboxes
const open = () => createSandboxes({ origin, directory })
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rehearsal-'))
  sandboxes = open()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const send = (path: string, init?: RequestInit, at = origin) => sandboxes.fetch(new Request(`${at}/sandbox${path}`, init))
const post = (body: unknown, { path = '/supabase', headers = {}, at }: { path?: string, headers?: Record<string, string>, at?: string } = {}) =>
  send(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }, at)
const form = (fields: Record<string, string>, { path = '/supabase', headers = { origin } as Record<string, string> } = {}) => send(path, { method: 'POST', body: new URLSearchParams(fields), headers })
interface Shown { faults: { kind: string, where: string, calls: number | null, amount: number }[], kinds: string[] }
const shown = async (provider = 'supabase'): Promise<Shown> => (await send(`/${provider}`, { headers: { accept: 'application/json' } })).json()
const call = (path = '/supabase/v1/projects', init?: RequestInit) => send(path, init)

describe('whoever uses the control page', () => {
  it.each([
    ['from another site', { origin: 'https://evil.example' }, undefined],
    ['from another port of this machine', { origin: 'http://localhost:9999' }, undefined],
    ['from nowhere in particular', { origin: 'null' }, undefined],
    ['from another site, as the browser says', { 'sec-fetch-site': 'cross-site' }, undefined],
    ['from another site of this machine, as the browser says', { origin, 'sec-fetch-site': 'same-site' }, undefined],
    ['under a foreign name that points here', { origin: 'http://evil.example:3000' }, 'http://evil.example:3000'],
  ])('%s is refused', async (_where, headers, at) => {
    const answer = await post({ do: 'switch_on', kind: 'html' }, { headers, at })
    expect(answer.status).toBe(403)
    expect((await shown()).faults).toEqual([])
  })

  it('under a foreign name sees nothing either', async () => {
    expect((await send('/supabase', {}, 'http://evil.example:3000')).status).toBe(403)
    expect((await send('', {}, 'http://evil.example:3000')).status).toBe(403)
  })

  it('sends a form from the page itself', async () => {
    expect((await form({ do: 'switch_on', kind: 'html' }, { headers: {} })).status).toBe(403)
    const answer = await form({ do: 'switch_on', kind: 'html', where: 'api', calls: '', amount: '' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/sandbox/supabase?done=switched'])
    expect((await shown()).faults).toEqual([{ kind: 'html', where: 'api', calls: null, amount: 0 }])
  })

  it.each<[string, unknown, Record<string, string>, number]>([
    ['an unknown fault', { do: 'switch_on', kind: 'earthquake' }, {}, 400],
    ['an unknown command', { do: 'constructor' }, {}, 400],
    ['a field that nobody knows', { do: 'reset', everything: true }, {}, 400],
    ['no call', { do: 'switch_on', kind: 'html', calls: 0 }, {}, 400],
    ['half a call', { do: 'switch_on', kind: 'html', calls: 1.5 }, {}, 400],
    ['no JSON', '{', {}, 400],
    ['another content type', '{}', { 'content-type': 'text/plain' }, 415],
  ])('is told what is wrong with %s', async (_what, body, headers, status) => {
    const answer = await post(body, { headers: { accept: 'application/json', ...headers } })
    expect([answer.status, await answer.json()]).toEqual([status, { message: expect.any(String) as string }])
    expect((await shown()).faults).toEqual([])
  })

  it('reads pages that load nothing and stand in nobody\'s frame', async () => {
    for (const path of ['', '/supabase', '/aws']) {
      const answer = await send(path)
      expect(answer.headers.get('content-security-policy')).toContain('default-src \'none\'')
      expect(answer.headers.get('x-frame-options')).toBe('DENY')
      expect(await answer.text()).not.toMatch(/<script|https?:\/\/(?!localhost)/)
    }
    expect((await send('/supabase', { method: 'DELETE' })).status).toBe(405)
  })

  it('is not shown what stood in the address', async () => {
    const text = await (await send('/supabase?done=<script>&status=<b>')).text()
    expect(text).not.toContain('<script>')
    expect(await (await send('/supabase?done=told&status=202')).text()).toContain('it answered 202')
  })
})

describe('a fault', () => {
  it('is met by calls, not by pages, until it is switched off', async () => {
    await post({ do: 'switch_on', kind: 'server_error' })
    expect(sandboxes.faultsOn('supabase')).toBe(1)
    expect((await call()).status).toBe(500)
    expect((await call('/supabase/v1/oauth/token', { method: 'POST' })).status).toBe(500)
    expect((await call('/supabase/v1/oauth/authorize')).status).toBe(400)
    expect((await call('/slack/api/auth.test')).status).toBe(200)
    await post({ do: 'switch_off', kind: 'server_error' })
    expect((await call()).status).toBe(401)
    expect(sandboxes.faultsOn('supabase')).toBe(0)
  })

  it.each([['token', 500, 401], ['api', 401, 500]])('only at the %s leaves the rest alone', async (where, atToken, atApi) => {
    await post({ do: 'switch_on', kind: 'server_error', where })
    const token = await call('/supabase/v1/oauth/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token' }) })
    expect([token.status, (await call()).status]).toEqual([atToken, atApi])
  })

  it('for so many calls is over after them, and outlives a restart until then', async () => {
    await post({ do: 'switch_on', kind: 'server_error', calls: 3 })
    expect((await call()).status).toBe(500)
    sandboxes = open()
    expect((await shown()).faults).toMatchObject([{ kind: 'server_error', calls: 2 }])
    expect([(await call()).status, (await call()).status, (await call()).status]).toEqual([500, 500, 401])
    expect((await shown()).faults).toEqual([])
  })

  it('takes the place of the one of its kind', async () => {
    await post({ do: 'switch_on', kind: 'rate_limited', amount: 5 })
    await post({ do: 'switch_on', kind: 'rate_limited', calls: 7 })
    expect((await shown()).faults).toEqual([{ kind: 'rate_limited', where: 'all', calls: 7, amount: 30 }])
  })

  it('that only delays lets the other one answer, and ends with whoever waits', async () => {
    await post({ do: 'switch_on', kind: 'slow', amount: 600_000 })
    await post({ do: 'switch_on', kind: 'html' })
    const waiting = new AbortController()
    const answer = call('/supabase/v1/projects', { signal: waiting.signal })
    waiting.abort()
    await expect(answer).rejects.toThrow(/abort/i)
    await post({ do: 'switch_on', kind: 'slow', amount: 0 })
    expect((await call()).headers.get('content-type')).toContain('text/html')
  })

  it('is gone with all the others after a reset, also at every provider at once', async () => {
    await post({ do: 'switch_on', kind: 'html' })
    await post({ do: 'switch_on', kind: 'html' }, { path: '/aws' })
    expect((await post({ do: 'switch_on', kind: 'html' }, { path: '' })).status).toBe(400)
    const all = await (await post({ do: 'reset' }, { path: '' })).json() as { done: string, providers: Shown[] }
    expect(all).toMatchObject({ done: 'reset', providers: expect.arrayContaining([]) as unknown[] })
    expect(all.providers.flatMap(one => one.faults)).toEqual([])
    expect(all.providers).toHaveLength(allConnectors().length)
  })

  it('whose file is damaged is named', () => {
    writeFileSync(join(directory, 'slack', 'faults.json'), '{"version": 2}')
    expect(open).toThrow('delete its faults.json')
  })

  it('of 50 MB is made as it is read', async () => {
    await post({ do: 'switch_on', kind: 'huge' })
    const reader = (await call()).body?.getReader()
    const { value } = await reader?.read() ?? {}
    expect(new TextDecoder().decode(value).slice(0, 2)).toBe('["')
    await reader?.cancel()
    expect((await (await call()).arrayBuffer()).byteLength).toBe(50 * 1024 * 1024 + 4)
  })
})

describe.each(allConnectors().map(connector => [connector.id, connector] as const))('%s', (id, connector) => {
  const api = `/${id}/${id === 'slack' ? 'api/auth.test' : ''}`

  it('limits in its own words and headers', async () => {
    await post({ do: 'switch_on', kind: 'rate_limited', amount: 45 }, { path: `/${id}` })
    const answer = await call(api, { method: id === 'aws' ? 'POST' : 'GET' })
    expect(answer.headers.get('x-sandbox')).toBe(id)
    if (id === 'aws') expect(await answer.text()).toContain('<Code>Throttling</Code>')
    else expect(connector.retryAfter(answer.headers)).toSatisfy((seconds: number) => seconds >= 44 && seconds <= 46)
  })

  it('offers what makes sense there', async () => {
    const { kinds } = await shown(id)
    expect(kinds.includes('denied')).toBe(id !== 'aws')
    expect(kinds.includes('endless')).toBe(id !== 'supabase')
    const page = await (await send(`/${id}`)).text()
    expect(page).toContain('Nobody has granted anything yet.')
    expect(page).toContain(`Rehearse faults of ${connector.name}`)
  })
})
