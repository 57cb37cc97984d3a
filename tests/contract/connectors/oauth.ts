/**
 * The contract of a connector with OAuth: begin, denied, callback, resources, refresh, 401, scan, webhook, revoke, in this order and
 * on one connection. What a connector declares not to have is shown to be absent, never left out.
 */
import { createHash, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { OAuthConnector, TokenSet } from '#server/connectors/contract'
import { clientFor } from '#server/integrations/client'
import { withApi } from '#server/integrations/credentials'
import { applyDeliveries } from '#server/integrations/deliveries'
import { refreshDue } from '#server/integrations/refresh-due'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { exchangeCode } from '#server/oauth/exchange'
import { openApi } from '#server/oauth/open-api'
import { refreshGrant } from '#server/oauth/refresh'
import { newState, newVerifier } from '#server/oauth/state'
import { settingVariable } from '#server/utils/env-schema'
import { expectStatus, type ApiClient } from '../../support/client.ts'
import { consent } from '../../support/consent.ts'
import type { Exchange } from '../../support/served-stand-in.ts'
import type { OAuthParticulars } from './particulars.ts'
import { expectEveryVerdict, expectResources, publishedContract } from './shared.ts'
import type { Stage } from './stage.ts'

const slotField = (slot: string, field: string) => slot === 'main' ? field : `${slot}_${field}`
const factsSchema = z.record(z.string(), z.string())

export function oauthContract(connector: OAuthConnector, particulars: OAuthParticulars, stage: () => Stage): void {
  const { authorization } = connector
  const { first, other } = particulars.accounts
  let owner: ApiClient
  let integrationId = ''
  /** The last tokens of each slot that the stand-in gave out for the connection. */
  const held = new Map<string, TokenSet>()
  const standIn = () => stage().standIn(connector)
  const oauth = () => clientFor(connector, false)
  const redirectUri = () => `${stage().appUrl}/api/auth/${connector.id}/callback`
  const tokenCalls = (from = 0) => standIn().exchanges.slice(from).filter(one => one.path === authorization.tokenPath && one.method === 'POST')
  const mark = () => standIn().exchanges.length
  const answerOf = (call: Exchange | undefined) => authorization.tokenAnswer.parse(JSON.parse(call?.answer ?? 'null'))
  const account = (accessToken: string, facts = {}) => connector.account(openApi(oauth(), { accessToken, facts }))
  const integration = async () => (await stage().integrations(owner)).find(one => one.id === integrationId)

  async function begin(who: ApiClient, integration?: string): Promise<URL> {
    const login = await who.get(`/api/auth/${connector.id}/login${integration ? `?integration_id=${integration}` : ''}`)
    expectStatus(login, 302)
    return new URL(login.location ?? '')
  }
  async function answer(authorize: URL, decision: 'approve' | 'deny', choice = first): Promise<string> {
    const back = new URL(await consent(authorize.href, decision, choice))
    expect(back.origin + back.pathname).toBe(redirectUri())
    return back.pathname + back.search
  }
  async function land(who: ApiClient, callback: string): Promise<string> {
    const landed = await who.get(callback)
    expectStatus(landed, 302)
    return landed.location ?? ''
  }
  /** A consent past the product's pages, by its verbs: for what would end the connection's own grant. */
  async function code(verifier: string | null): Promise<string> {
    const back = new URL(await consent((await authorizeUrl(oauth(), { state: newState(), codeVerifier: verifier })).href, 'approve', first))
    return back.searchParams.get('code') ?? ''
  }
  const verifierIfAny = () => authorization.pkce === 'S256' ? newVerifier() : null
  async function connect(who: ApiClient, choice: Readonly<Record<string, string>>, integration?: string): Promise<string> {
    const landed = await land(who, await answer(await begin(who, integration), 'approve', choice))
    expect(landed).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)
    return landed.split('/').at(-1) ?? ''
  }
  function hold(answered: TokenSet): void {
    held.set('main', answered)
    for (const [slot, tokens] of Object.entries(answered.extra ?? {})) held.set(slot, tokens)
  }

  beforeAll(async () => { owner = await stage().person() })

  describe('begin', () => {
    it('asks for what the connector declares, and nothing else', async () => {
      const authorize = await begin(owner)
      expect(authorize.origin + authorize.pathname).toBe(standIn().url + authorizePath())
      const { code_challenge: challenge, state, ...asked } = Object.fromEntries(authorize.searchParams)
      expect(state).toMatch(/^[\w-]{43,}$/)
      expect(challenge !== undefined && /^[\w-]{43}$/.test(challenge), 'a challenge exactly where PKCE is declared').toBe(authorization.pkce === 'S256')
      const { scope, ...others } = asked
      const words = authorization.scopes.map(({ name, parameter = name }) => parameter).filter(word => word !== null)
      expect(scope?.split(authorization.scopeSeparator ?? ' ') ?? null).toEqual(authorization.scopeSeparator === null ? null : [...new Set(words)])
      expect(others).toEqual({
        ...authorization.authorizeParameters,
        client_id: standIn().client.clientId,
        redirect_uri: redirectUri(),
        ...(authorization.sendsTypes !== false && { response_type: 'code' }),
        ...(authorization.pkce === 'S256' && { code_challenge_method: 'S256' }),
      })
    })

    it('is refused with another redirect address, and without the challenge that is declared', async () => {
      const elsewhere = await begin(owner)
      elsewhere.searchParams.set('redirect_uri', 'https://elsewhere.example/callback')
      const shown = await fetch(elsewhere, { redirect: 'manual' })
      expect([shown.status, shown.headers.get('location')]).toEqual([400, null])
      const bare = await begin(owner)
      if (authorization.pkce === 'S256') bare.searchParams.delete('code_challenge')
      expect((await fetch(bare, { redirect: 'manual' })).status === 200, 'the consent page').toBe(authorization.pkce === 'none')
    })
  })

  describe('denied', () => {
    it('lands on a sentence, asks for no token and stores nothing', async () => {
      const before = mark()
      expect(await land(owner, await answer(await begin(owner), 'deny'))).toBe('/integrations?error=access_denied')
      expect(tokenCalls(before)).toEqual([])
      expect(await stage().integrations(owner)).toEqual([])
    })
  })

  describe('callback', () => {
    it('redeems the code as declared, and stores no token in the clear', async () => {
      const authorize = await begin(owner)
      const callback = await answer(authorize, 'approve')
      const before = mark()
      integrationId = (await land(owner, callback)).split('/').at(-1) ?? ''
      const [call, ...more] = tokenCalls(before)
      expect(more).toEqual([])
      const fields: Exchange['fields'] = call?.fields ?? {}
      expect(fields.redirect_uri).toBe(redirectUri())
      expect(fields.grant_type).toBe(authorization.sendsTypes === false ? undefined : 'authorization_code')
      expect([call?.authorization?.split(' ')[0] ?? null, 'client_secret' in fields]).toEqual(authorization.clientAuthentication === 'basic' ? ['Basic', false] : [null, true])
      const challenge = authorize.searchParams.get('code_challenge')
      expect(fields.code_verifier === undefined ? null : createHash('sha256').update(fields.code_verifier).digest('base64url')).toBe(challenge)

      hold(answerOf(call))
      const [row] = await stage().rooms.sql<{ row: string }>('select i::text as row from public.integrations i where id = $1', [integrationId])
      const stored = (row?.row ?? '') + JSON.stringify(await stage().integrations(owner))
      for (const { accessToken, refreshToken } of held.values()) {
        expect(stored).not.toContain(accessToken)
        if (refreshToken) expect(stored).not.toContain(refreshToken)
      }
      expect(Object.keys(answerOf(call).extra ?? {})).toEqual([...authorization.slots ?? []])
    })

    it('takes a state once, in the browser and by the person that it was made for', async () => {
      const callback = await answer(await begin(owner), 'approve')
      const kept = owner.jar.all().filter(cookie => cookie.name.startsWith('connect_'))
      expect(kept.length).toBeGreaterThan(0)
      const stranger = await stage().person()
      expect(await land(stranger, callback)).toMatch(/error=(?:flow_missing|state_mismatch)$/)
      for (const cookie of kept) stranger.jar.store(new Headers({ 'set-cookie': `${cookie.name}=${cookie.value}; Path=/api/auth` }))
      expect(await land(stranger, callback)).toBe('/integrations?error=state_mismatch')
      expect(await stage().integrations(stranger)).toEqual([])

      const before = mark()
      expect(await land(owner, callback)).toBe(`/integrations/${integrationId}`)
      hold(answerOf(tokenCalls(before)[0]))
      // The cookie is gone; a copy of it does not help either.
      expect(await land(owner, callback)).toMatch(/error=(?:flow_missing|state_mismatch)$/)
      for (const cookie of kept) owner.jar.store(new Headers({ 'set-cookie': `${cookie.name}=${cookie.value}; Path=/api/auth` }))
      expect(await land(owner, callback)).toBe('/integrations?error=flow_missing')
      expect(tokenCalls(before)).toHaveLength(1)
    })

    it('gets tokens for a code once, and with its own verifier only', async () => {
      const verifier = verifierIfAny()
      const spent = await code(verifier)
      await exchangeCode(oauth(), { code: spent, codeVerifier: verifier })
      await expect(exchangeCode(oauth(), { code: spent, codeVerifier: verifier })).rejects.toMatchObject({ failure: 'dead_grant' })
      if (authorization.pkce === 'none') return
      await expect(exchangeCode(oauth(), { code: await code(newVerifier()), codeVerifier: newVerifier() })).rejects.toMatchObject({ failure: 'dead_grant' })
    })
  })

  it('resources: all that the account has, each once, of kinds that checks ask about', async () => {
    expectResources(connector, particulars, await stage().resources(owner, integrationId))
  })

  describe('refresh', () => {
    it('renews each slot by its own chain, and nothing where there is nothing to renew', async () => {
      expect([...held].filter(([, tokens]) => tokens.refreshToken !== undefined).map(([slot]) => slot)).toEqual(particulars.renews)
      for (const slot of particulars.renews.length > 0 ? particulars.renews : ['main']) {
        await stage().rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute', refresh_slot = $2,
          config = config || case when $4 then jsonb_build_object($3::text, (now() + interval '1 minute')::text) else '{}' end where id = $1`,
        [integrationId, slot, slotField(slot, 'expires_at'), particulars.renews.length > 0])
        const before = mark()
        const done = await refreshDue(new AbortController().signal)
        if (particulars.renews.length === 0) {
          // A call shows that it is alive: there is nothing else to be done for it.
          expect(done).toMatchObject({ refreshed: 0, probed: 1, failed: 0 })
          expect(tokenCalls(before)).toEqual([])
          continue
        }
        expect(done).toMatchObject({ refreshed: 1, failed: 0 })
        const [call, ...more] = tokenCalls(before)
        expect(more).toEqual([])
        expect(call?.fields).toMatchObject({ grant_type: 'refresh_token', refresh_token: held.get(slot)?.refreshToken })
        const renewed = answerOf(call)
        expect(renewed.accessToken).not.toBe(held.get(slot)?.accessToken)
        held.set(slot, renewed)
      }
      expect((await integration())?.status).toBe('active')
    })

    it('is refused to a refresh token that has served', async () => {
      if (particulars.renews.length === 0) {
        return void await expect(refreshGrant(oauth(), 'none-was-given')).rejects.toThrow()
      }
      const verifier = verifierIfAny()
      const grant = await exchangeCode(oauth(), { code: await code(verifier), codeVerifier: verifier })
      for (const { refreshToken = '' } of [grant, ...Object.values(grant.extra ?? {})].reverse()) {
        expect((await refreshGrant(oauth(), refreshToken)).refreshToken).not.toBe(refreshToken)
      }
      await expect(refreshGrant(oauth(), grant.refreshToken ?? '')).rejects.toMatchObject({ failure: 'dead_grant' })
    })
  })

  it('401: forces one refresh of what was refused, or asks the person to reconnect', async () => {
    const main = held.get('main')
    const before = mark()
    if (particulars.renews.length > 0) {
      // Past the end of every token, by the provider's clock: what is stored here says otherwise.
      standIn().advance(Math.max(...[...held.values()].map(tokens => tokens.expiresIn ?? 0)) + 60)
      // What was refused is asked again with the new token: the caller gets its answer.
      const use = { integrationId, purpose: 'scan', actor: { type: 'worker', id: null, email: null } } as const
      expect((await withApi(use, new AbortController().signal, api => connector.account(api))).id).toBe((await integration())?.external_account_id)
      expect(tokenCalls(before)).toHaveLength(1)
      const { status, results } = await stage().scan(owner, integrationId)
      expect(status).toBe('completed')
      expect(results.filter(result => JSON.stringify(result.evidence).includes('unauthorized'))).toEqual([])
      expect(results.some(result => result.verdict === 'pass')).toBe(true)
      const calls = tokenCalls(before)
      expect(calls.map(call => call.fields.refresh_token).sort()).toEqual(particulars.renews.map(slot => held.get(slot)?.refreshToken).sort())
      for (const slot of particulars.renews) {
        const call = calls.find(one => one.fields.refresh_token === held.get(slot)?.refreshToken)
        held.set(slot, answerOf(call))
      }
      return expect(await integration()).toMatchObject({ status: 'active', last_error: null })
    }
    await particulars.endsToken?.(standIn(), { accessToken: main?.accessToken ?? '', facts: await storedFacts(integrationId) })
    expect(await stage().scan(owner, integrationId)).toMatchObject({ status: 'failed', error: { code: 'reconnect_required' } })
    expect(tokenCalls(before)).toEqual([])
    expect(await integration()).toMatchObject({ status: 'error', last_error: { class: 'dead_grant' } })
    // What it asks for helps: the same integration is alive again.
    const again = mark()
    expect(await connect(owner, first, integrationId)).toBe(integrationId)
    hold(answerOf(tokenCalls(again)[0]))
    expect(await integration()).toMatchObject({ status: 'active', last_error: null })
  })

  it('scan: every check has a verdict on every resource of its kinds', async () => {
    expectStatus(await owner.patch(`/api/integrations/${integrationId}`, { enabled_checks: connector.checks.map(check => check.id) }), 200)
    const assessment = await stage().scan(owner, integrationId)
    expectEveryVerdict(connector, particulars, await stage().resources(owner, integrationId), assessment)
    for (const { accessToken } of held.values()) expect(JSON.stringify(assessment)).not.toContain(accessToken)
  })

  it('webhook: a signed one moves the connection that it is about, any other nothing; or there is no such address', async () => {
    const send = ({ headers, body }: { headers: Record<string, string>, body: string }) =>
      owner.call('POST', `/api/webhooks/${connector.id}`, { body, headers: { 'content-type': 'application/json', ...headers }, origin: null })
    const { data } = expectStatus(await owner.get<{ data: { id: string, webhook_uri: string | null }[] }>('/api/providers'), 200)
    const address = data.find(one => one.id === connector.id)?.webhook_uri
    if (!connector.webhooks || !particulars.ended) {
      expect([connector.webhooks, particulars.ended, address]).toEqual([undefined, null, null])
      return void expectStatus(await send({ headers: {}, body: '{}' }), 404)
    }
    expect(address).toBe(`${stage().appUrl}/api/webhooks/${connector.id}`)
    const neighbour = await stage().person()
    const theirs = await connect(neighbour, other ?? {})
    const statuses = async () => [await stage().integrations(owner), await stage().integrations(neighbour)].map(list => list.map(one => one.status))
    const { key } = connector.webhooks
    const secret = standIn().env[settingVariable(connector.id, key === 'client_secret' ? 'CLIENT_SECRET' : key.setting)] ?? ''
    const accountId = (await stage().integrations(neighbour))[0]?.external_account_id ?? ''
    const subject = { accountId, facts: await storedFacts(theirs) }
    const id = randomUUID()
    const signed = particulars.ended(subject, secret, id)

    for (const forged of [particulars.ended(subject, 'another key', id), { ...signed, body: `${signed.body} ` }, { ...signed, headers: {} }]) {
      expectStatus(await send(forged), 401)
    }
    await applyDeliveries(connector.id, false)
    expect(await statuses()).toEqual([['active'], ['active']])
    expectStatus(await send(signed), 202)
    await applyDeliveries(connector.id, false)
    expect(await statuses()).toEqual([['active'], ['error']])
    expect(expectStatus(await send(signed), 200)).toEqual({ outcome: 'replayed' })
  })

  it('revoke: the token is worth nothing afterwards, or the person is told where to end it', async () => {
    const { accessToken = '', refreshToken } = held.get('main') ?? {}
    const facts = await storedFacts(integrationId)
    await account(accessToken, facts)
    const removed = await owner.delete(`/api/integrations/${integrationId}`)
    expectStatus(removed, 204)
    expect(removed.headers.get('x-receipt')).toMatch(/^\/api\/receipts\//)
    expect(await integration()).toBeUndefined()
    const said = removed.headers.get('x-revocation')
    const { revocation } = authorization
    const byHand = `not_supported; url="${new URL(authorization.manualRevocationUrl).href}"`
    if (revocation === null) {
      expect(said).toBe(byHand)
      return void await account(accessToken, facts)
    }
    // Of a refresh token that the one call does not cover nothing is claimed.
    expect(said).toBe(refreshToken === undefined || revocation.covers.includes('refresh_token') ? 'revoked' : byHand)
    for (const { accessToken: one } of held.values()) await expect(account(one, facts)).rejects.toMatchObject({ kind: 'unauthorized' })
    if (refreshToken && revocation.covers.includes('refresh_token')) {
      await expect(refreshGrant(oauth(), refreshToken)).rejects.toMatchObject({ failure: 'dead_grant' })
    }
  })

  publishedContract(particulars, () => standIn().exchanges, ({ method, path }) => method === 'POST' && path === authorizePath())

  function authorizePath(): string {
    return typeof authorization.authorizePath === 'string' ? authorization.authorizePath : authorization.authorizePath(oauth().settings)
  }

  async function storedFacts(id: string): Promise<Record<string, string>> {
    const [row] = await stage().rooms.sql<{ facts: unknown }>(`select coalesce(config->'facts', '{}') as facts from public.integrations where id = $1`, [id])
    return factsSchema.parse(row?.facts)
  }
}
