/** Keeping it alive: refresh, and what a 401 leads to. */
import { describe, expect, it } from 'vitest'
import { withApi } from '#server/integrations/credentials'
import { refreshDue } from '#server/integrations/refresh-due'
import { exchangeCode } from '#server/oauth/exchange'
import { refreshGrant } from '#server/oauth/refresh'
import type { Play } from './oauth-play.ts'

const slotField = (slot: string, field: string) => slot === 'main' ? field : `${slot}_${field}`

export function keeping(play: Play): void {
  const { connector, particulars } = play

  describe('refresh', () => {
    it('renews each slot by its own chain, and nothing where there is nothing to renew', async () => {
      expect([...play.held].filter(([, tokens]) => tokens.refreshToken !== undefined).map(([slot]) => slot)).toEqual(particulars.renews)
      for (const slot of particulars.renews.length > 0 ? particulars.renews : ['main']) {
        await play.stage().rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute', refresh_slot = $2,
          config = config || case when $4 then jsonb_build_object($3::text, (now() + interval '1 minute')::text) else '{}' end where id = $1`,
        [play.integrationId, slot, slotField(slot, 'expires_at'), particulars.renews.length > 0])
        const before = play.mark()
        const done = await refreshDue(new AbortController().signal)
        if (particulars.renews.length === 0) {
          // A call shows that it is alive: there is nothing else to be done for it.
          expect(done).toMatchObject({ refreshed: 0, probed: 1, failed: 0 })
          expect(play.tokenCalls(before)).toEqual([])
          continue
        }
        expect(done).toMatchObject({ refreshed: 1, failed: 0 })
        const [call, ...more] = play.tokenCalls(before)
        expect(more).toEqual([])
        expect(call?.fields).toMatchObject({ grant_type: 'refresh_token', refresh_token: play.held.get(slot)?.refreshToken })
        const renewed = play.answerOf(call)
        expect(renewed.accessToken).not.toBe(play.held.get(slot)?.accessToken)
        play.held.set(slot, renewed)
      }
      expect((await play.integration())?.status).toBe('active')
    })

    it('is refused to a refresh token that has served', async () => {
      if (particulars.renews.length === 0) return void await expect(refreshGrant(play.oauth(), 'none-was-given')).rejects.toThrow()
      const verifier = play.verifierIfAny()
      const grant = await exchangeCode(play.oauth(), { code: await play.code(verifier), codeVerifier: verifier })
      for (const { refreshToken = '' } of [grant, ...Object.values(grant.extra ?? {})].reverse()) {
        expect((await refreshGrant(play.oauth(), refreshToken)).refreshToken).not.toBe(refreshToken)
      }
      await expect(refreshGrant(play.oauth(), grant.refreshToken ?? '')).rejects.toMatchObject({ failure: 'dead_grant' })
    })
  })

  if (particulars.renews.length > 0) {
    it('401: forces one refresh of what was refused', async () => {
      // Past the end of every token, by the provider's clock: what is stored here says otherwise.
      play.standIn().advance(Math.max(...[...play.held.values()].map(tokens => tokens.expiresIn ?? 0)) + 60)
      const before = play.mark()
      // What was refused is asked again with the new token: the caller gets its answer.
      const use = { integrationId: play.integrationId, purpose: 'scan', actor: { type: 'worker', id: null, email: null } } as const
      expect((await withApi(use, new AbortController().signal, api => connector.account(api))).id).toBe((await play.integration())?.external_account_id)
      expect(play.tokenCalls(before)).toHaveLength(1)
      const { status, results } = await play.stage().scan(play.owner, play.integrationId)
      expect(status).toBe('completed')
      expect(results.filter(result => JSON.stringify(result.evidence).includes('unauthorized'))).toEqual([])
      expect(results.some(result => result.verdict === 'pass')).toBe(true)

      const calls = play.tokenCalls(before)
      expect(calls.map(call => call.fields.refresh_token).sort()).toEqual(particulars.renews.map(slot => play.held.get(slot)?.refreshToken).sort())
      for (const slot of particulars.renews) play.held.set(slot, play.answerOf(calls.find(call => call.fields.refresh_token === play.held.get(slot)?.refreshToken)))
      expect(await play.integration()).toMatchObject({ status: 'active', last_error: null })
    })
    return
  }

  it.runIf(play.connector.authorization.installPath)('reconnect: comes past the installation where the person sees the app nowhere any more', async () => {
    const consent = await play.begin(play.owner, play.integrationId)
    const install = new URL(await play.land(play.owner, await play.answer(consent, 'approve', particulars.nowhere)))
    expect(install.pathname).toBe(new URL(play.standIn().url + play.installPath()).pathname)
    const again = new URL(await play.land(play.owner, await play.answer(install, 'approve')))
    const before = play.mark()
    expect(await play.land(play.owner, await play.answer(again, 'approve'))).toBe(`/integrations/${play.integrationId}`)
    play.hold(play.answerOf(play.tokenCalls(before)[0]))
    // Who comes from there is not sent there a second time.
    expect(await play.land(play.owner, await play.answer(await play.begin(play.owner), 'approve', particulars.nowhere))).toBe('/integrations?error=account_missing')
  })

  it('401: nothing can be renewed, so the person is asked to reconnect, and that helps', async () => {
    const { accessToken = '' } = play.held.get('main') ?? {}
    const before = play.mark()
    await particulars.endsToken?.(play.standIn(), { accessToken, facts: await play.storedFacts(play.integrationId) })
    expect(await play.stage().scan(play.owner, play.integrationId)).toMatchObject({ status: 'failed', error: { code: 'reconnect_required' } })
    expect(play.tokenCalls(before)).toEqual([])
    expect(await play.integration()).toMatchObject({ status: 'error', last_error: { class: 'dead_grant' } })

    const again = play.mark()
    expect(await play.connect(play.owner, particulars.accounts.first, play.integrationId)).toBe(play.integrationId)
    play.hold(play.answerOf(play.tokenCalls(again)[0]))
    expect(await play.integration()).toMatchObject({ status: 'active', last_error: null })
  })
}
