/** The first steps: from the click to the stored connection. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { exchangeCode } from '#server/oauth/exchange'
import { newVerifier } from '#server/oauth/state'
import type { Exchange } from '../../support/served-stand-in.ts'
import type { Play } from './oauth-play.ts'

export function connecting(play: Play): void {
  const { authorization } = play.connector

  describe('begin', () => {
    it('sends to the page of the installation with a state and nothing else, where there is one', async () => {
      const path = play.installPath()
      const start = await play.login(play.owner)
      expect(start.href.startsWith(`${play.standIn().url}${path ?? play.authorizePath()}?`)).toBe(true)
      if (path === null) return
      expect([...start.searchParams.keys()]).toEqual(['state'])
      const callback = await play.answer(start, 'approve')
      const before = play.mark()
      const next = new URL(await play.land(play.owner, callback))
      expect(next.searchParams.get('state')).not.toBe(start.searchParams.get('state'))
      // Its code is left alone, and the callback is good for one consent.
      expect(play.tokenCalls(before)).toEqual([])
      expect(await play.land(play.owner, callback)).toMatch(/error=(?:flow_missing|state_mismatch)$/)
    })

    it('asks for what the connector declares, and nothing else', async () => {
      const authorize = await play.begin(play.owner)
      expect(authorize.origin + authorize.pathname).toBe(play.standIn().url + play.authorizePath())
      const { code_challenge: challenge, state, ...asked } = Object.fromEntries(authorize.searchParams)
      expect(state).toMatch(/^[\w-]{43,}$/)
      expect(challenge !== undefined && /^[\w-]{43}$/.test(challenge), 'a challenge exactly where PKCE is declared').toBe(authorization.pkce === 'S256')
      const { scope, ...others } = asked
      const words = authorization.scopes.map(({ name, parameter = name }) => parameter).filter(word => word !== null)
      expect(scope?.split(authorization.scopeSeparator ?? ' ') ?? null).toEqual(authorization.scopeSeparator === null ? null : [...new Set(words)])
      expect(others).toEqual({
        ...authorization.authorizeParameters,
        client_id: play.standIn().client.clientId,
        redirect_uri: play.redirectUri(),
        ...(authorization.sendsTypes !== false && { response_type: 'code' }),
        ...(authorization.pkce === 'S256' && { code_challenge_method: 'S256' }),
      })
    })

    it('is refused with another redirect address, and without the challenge that is declared', async () => {
      const elsewhere = await play.begin(play.owner)
      elsewhere.searchParams.set('redirect_uri', 'https://elsewhere.example/callback')
      const shown = await fetch(elsewhere, { redirect: 'manual' })
      expect([shown.status, shown.headers.get('location')]).toEqual([400, null])
      const bare = await play.begin(play.owner)
      if (authorization.pkce === 'S256') bare.searchParams.delete('code_challenge')
      expect((await fetch(bare, { redirect: 'manual' })).status === 200, 'the consent page').toBe(authorization.pkce === 'none')
    })
  })

  describe('denied', () => {
    it('lands on a sentence, asks for no token and stores nothing', async () => {
      const before = play.mark()
      expect(await play.land(play.owner, await play.answer(await play.begin(play.owner), 'deny'))).toBe('/integrations?error=access_denied')
      expect(play.tokenCalls(before)).toEqual([])
      expect(await play.stage().integrations(play.owner)).toEqual([])
    })
  })

  describe('callback', () => {
    it('redeems the code as declared, and stores no token in the clear', async () => {
      const authorize = await play.begin(play.owner)
      const callback = await play.answer(authorize, 'approve')
      const before = play.mark()
      play.integrationId = (await play.land(play.owner, callback)).split('/').at(-1) ?? ''
      const [call, ...more] = play.tokenCalls(before)
      expect(more).toEqual([])
      const fields: Exchange['fields'] = call?.fields ?? {}
      expect(fields.redirect_uri).toBe(play.redirectUri())
      expect(fields.grant_type).toBe(authorization.sendsTypes === false ? undefined : 'authorization_code')
      expect([call?.authorization?.split(' ')[0] ?? null, 'client_secret' in fields]).toEqual(authorization.clientAuthentication === 'basic' ? ['Basic', false] : [null, true])
      const challenge = authorize.searchParams.get('code_challenge')
      expect(fields.code_verifier === undefined ? null : createHash('sha256').update(fields.code_verifier).digest('base64url')).toBe(challenge)

      play.hold(play.answerOf(call))
      const [row] = await play.stage().rooms.sql<{ row: string }>('select i::text as row from public.integrations i where id = $1', [play.integrationId])
      const stored = (row?.row ?? '') + JSON.stringify(await play.stage().integrations(play.owner))
      for (const { accessToken, refreshToken } of play.held.values()) {
        expect(stored).not.toContain(accessToken)
        if (refreshToken) expect(stored).not.toContain(refreshToken)
      }
      expect(Object.keys(play.answerOf(call).extra ?? {})).toEqual([...authorization.slots ?? []])
    })

    it('takes a state once, in the browser and by the person that it was made for', async () => {
      const callback = await play.answer(await play.begin(play.owner), 'approve')
      const kept = play.owner.jar.all().filter(cookie => cookie.name.startsWith('connect_'))
      expect(kept.length).toBeGreaterThan(0)
      const stranger = await play.stage().person()
      expect(await play.land(stranger, callback)).toMatch(/error=(?:flow_missing|state_mismatch)$/)
      for (const cookie of kept) stranger.jar.store(new Headers({ 'set-cookie': `${cookie.name}=${cookie.value}; Path=/api/auth` }))
      expect(await play.land(stranger, callback)).toBe('/integrations?error=state_mismatch')
      expect(await play.stage().integrations(stranger)).toEqual([])

      const before = play.mark()
      expect(await play.land(play.owner, callback)).toBe(`/integrations/${play.integrationId}`)
      play.hold(play.answerOf(play.tokenCalls(before)[0]))
      // The cookie is gone; a copy of it does not help either.
      expect(await play.land(play.owner, callback)).toMatch(/error=(?:flow_missing|state_mismatch)$/)
      for (const cookie of kept) play.owner.jar.store(new Headers({ 'set-cookie': `${cookie.name}=${cookie.value}; Path=/api/auth` }))
      expect(await play.land(play.owner, callback)).toBe('/integrations?error=flow_missing')
      expect(play.tokenCalls(before)).toHaveLength(1)
    })

    it('gets tokens for a code once, and with its own verifier only', async () => {
      const verifier = play.verifierIfAny()
      const spent = await play.code(verifier)
      await exchangeCode(play.oauth(), { code: spent, codeVerifier: verifier })
      await expect(exchangeCode(play.oauth(), { code: spent, codeVerifier: verifier })).rejects.toMatchObject({ failure: 'dead_grant' })
      if (authorization.pkce === 'none') return
      await expect(exchangeCode(play.oauth(), { code: await play.code(newVerifier()), codeVerifier: newVerifier() })).rejects.toMatchObject({ failure: 'dead_grant' })
    })
  })
}
