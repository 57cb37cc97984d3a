import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { vercel } from '#server/connectors/vercel'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { exchangeCode } from '#server/oauth/exchange'
import { revokeGrant } from '#server/oauth/revoke'
import { fileStore } from '#server/sandbox/store'
import { clientId, clientSecret, clock, openSandbox, redirectUri, teamId, userId } from './browser'

async function pending(browser = openSandbox()) {
  return { browser, code: (await browser.decide('approve')).searchParams.get('code') ?? '' }
}

describe('redeeming a code', () => {
  it('gives a token without an end, for the installation that the callback named', async () => {
    const browser = openSandbox()
    const { searchParams } = await browser.decide('approve')
    const answer = await browser.token({ code: searchParams.get('code') ?? '' })
    expect(await answer.json()).toEqual({
      token_type: 'Bearer', access_token: expect.stringMatching(/^vci_sandbox_/) as string, installation_id: searchParams.get('configurationId'), user_id: userId, team_id: teamId,
    })
  })

  it('names no team on a personal account', async () => {
    expect(await openSandbox().connect(userId)).toMatchObject({ team_id: null, user_id: userId })
  })

  it.each([
    ['another redirect address', { redirect_uri: `${redirectUri}/` }, 400], ['no redirect address', { redirect_uri: '' }, 400], ['another code', { code: 'code_made_up' }, 400], ['no code', { code: '' }, 400],
    ['a grant type', { grant_type: 'authorization_code' }, 400], ['a verifier', { code_verifier: 'v'.repeat(43) }, 400],
    ['a wrong secret', { client_secret: 'wrong' }, 401], ['a wrong client', { client_id: 'oac_other' }, 401], ['no secret', { client_secret: '' }, 401],
  ])('is refused with %s', async (_name, changes, status) => {
    const { browser, code } = await pending()
    const answer = await browser.token({ code, ...changes as Record<string, string> })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toEqual({ error: { code: expect.any(String) as string, message: expect.any(String) as string } })
  })

  it('takes the credentials in the body alone', async () => {
    const { browser, code } = await pending()
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
    expect((await browser.form('/v2/oauth/access_token', { code, redirect_uri: redirectUri }, { authorization })).status).toBe(401)
    expect((await browser.token({ code })).status).toBe(200)
  })

  it('refuses JSON, GET and a repeated field', async () => {
    const { browser, code } = await pending()
    expect((await browser.send('/v2/oauth/access_token', { method: 'POST', body: JSON.stringify({ code }), headers: { 'content-type': 'application/json' } })).status).toBe(400)
    expect((await browser.send('/v2/oauth/access_token')).status).toBe(405)
    const twice = new URLSearchParams([['client_id', clientId], ['client_secret', clientSecret], ['redirect_uri', redirectUri], ['code', code], ['code', code]])
    expect((await browser.send('/v2/oauth/access_token', { method: 'POST', body: twice })).status).toBe(400)
  })

  it('happens once: a second use ends the token of the first', async () => {
    const { browser, code } = await pending()
    const tokens = await (await browser.token({ code })).json()
    expect((await browser.get('/v10/projects', tokens)).status).toBe(200)
    expect((await browser.token({ code })).status).toBe(400)
    expect((await browser.get('/v10/projects', tokens)).status).toBe(403)
  })

  it('comes too late after half an hour', async () => {
    const time = clock()
    const { browser, code } = await pending(openSandbox({ now: time.now }))
    time.advance(1799)
    const later = await browser.decide('approve')
    time.advance(1)
    expect((await browser.token({ code })).status).toBe(400)
    expect((await browser.token({ code: later.searchParams.get('code') ?? '' })).status).toBe(200)
  })
})

describe('the protocol\'s verbs', () => {
  it('install, redeem, read and uninstall', async () => {
    const browser = openSandbox()
    const url = await authorizeUrl(browser.client, { state: 'round-trip', codeVerifier: null })
    const fields = await browser.openConsent(Object.fromEntries(url.searchParams))
    const answer = await browser.form(url.pathname.replace('/sandbox/vercel', ''), { ...fields, decision: 'approve', account: teamId })
    const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''

    const tokens = await exchangeCode(browser.client, { code, codeVerifier: null })
    expect(tokens.facts).toEqual({ installation_id: expect.any(String) as string, user_id: userId, team_id: teamId })
    expect(await vercel.account(browser.reader(tokens))).toEqual({ id: teamId, name: 'Larkspur Studio' })

    expect(await revokeGrant(browser.client, { accessToken: tokens.accessToken, facts: tokens.facts })).toBe('revoked')
    await expect(vercel.account(browser.reader(tokens))).rejects.toMatchObject({ kind: 'unauthorized' })
  })

  it('tell a wrong code from a wrong secret', async () => {
    const { client } = openSandbox()
    const input = { code: 'code_made_up', codeVerifier: null }
    await expect(exchangeCode(client, input)).rejects.toMatchObject({ failure: 'dead_grant' })
    await expect(exchangeCode({ ...client, clientSecret: 'wrong' }, input)).rejects.toMatchObject({ failure: 'our_application' })
  })

  it('blame the application for another redirect address', async () => {
    const { browser, code } = await pending()
    await expect(exchangeCode({ ...browser.client, redirectUri: `${redirectUri}/` }, { code, codeVerifier: null })).rejects.toMatchObject({ failure: 'our_application' })
  })

  it('find somebody else\'s installation gone, and leave it alone', async () => {
    const browser = openSandbox()
    const [mine, other] = [await browser.connect(), await browser.connect(userId)]
    const facts = { installation_id: other.installation_id, team_id: teamId }
    expect(await revokeGrant(browser.client, { accessToken: mine.access_token, facts })).toBe('already_gone')
    expect((await browser.get('/v10/projects', other)).status).toBe(200)
  })
})

it('keeps what it must over a restart, and no token in clear', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-'))
  try {
    const path = join(directory, 'state.json')
    const open = () => openSandbox({ store: fileStore(path) })
    const tokens = await open().connect()
    expect((await open().get('/v10/projects', tokens)).status).toBe(200)
    expect(readFileSync(path, 'utf8')).not.toMatch(/vci_sandbox_|code_|consent_/)
  }
  finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
