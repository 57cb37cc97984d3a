/** Its end: by the provider's word, and by the person's. */
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { applyDeliveries } from '#server/integrations/deliveries'
import { refreshGrant } from '#server/oauth/refresh'
import { settingVariable } from '#server/utils/env-schema'
import { expectStatus } from '../../support/client.ts'
import type { Play } from './oauth-play.ts'
import type { SignedDelivery } from './particulars.ts'

export function ending(play: Play): void {
  const { connector, particulars } = play
  const { authorization } = connector

  const send = ({ headers, body }: SignedDelivery) =>
    play.owner.call('POST', `/api/webhooks/${connector.id}`, { body, headers: { 'content-type': 'application/json', ...headers }, origin: null })
  const address = async () => {
    const { data } = expectStatus(await play.owner.get<{ data: { id: string, webhook_uri: string | null }[] }>('/api/providers'), 200)
    return data.find(one => one.id === connector.id)?.webhook_uri
  }

  const { webhooks } = connector
  const { ended } = particulars
  if (!webhooks || !ended) {
    it('webhook: there is no such address', async () => {
      expect([webhooks, ended, await address()]).toEqual([undefined, null, null])
      expectStatus(await send({ headers: {}, body: '{}' }), 404)
    })
  }
  else {
    it('webhook: the provider\'s word ends the connection that it is about, and no other', async () => {
      expect(await address()).toBe(`${play.stage().appUrl}/api/webhooks/${connector.id}`)
      const neighbour = await play.stage().person()
      const theirs = await play.connect(neighbour, particulars.accounts.other ?? {})
      const statuses = async () => {
        await applyDeliveries(connector.id, false)
        return [await play.stage().integrations(play.owner), await play.stage().integrations(neighbour)].map(list => list.map(one => one.status))
      }
      const key = play.standIn().env[settingVariable(connector.id, webhooks.key === 'client_secret' ? 'CLIENT_SECRET' : webhooks.key.setting)] ?? ''
      const subject = { accountId: (await play.stage().integrations(neighbour))[0]?.external_account_id ?? '', facts: await play.storedFacts(theirs) }
      const id = randomUUID()
      const signed = ended(subject, key, id)

      for (const forged of [ended(subject, 'another key', id), { ...signed, body: `${signed.body} ` }, { ...signed, headers: {} }]) expectStatus(await send(forged), 401)
      expect(await statuses()).toEqual([['active'], ['active']])
      const { installation_id: installation } = subject.facts
      if (installation !== undefined) {
        // Of an installation that the account had before: it comes late.
        const old = [...installation].reverse().join('')
        expectStatus(await send(ended({ ...subject, facts: { ...subject.facts, installation_id: old } }, key, randomUUID())), 202)
        expect(await statuses()).toEqual([['active'], ['active']])
      }
      expectStatus(await send(signed), 202)
      expect(await statuses()).toEqual([['active'], ['error']])
      expect(expectStatus(await send(signed), 200)).toEqual({ outcome: 'replayed' })
    })
  }

  it('revoke: the token is worth nothing afterwards, or the person is told where to end it', async () => {
    const { accessToken = '', refreshToken } = play.held.get('main') ?? {}
    const facts = await play.storedFacts(play.integrationId)
    await play.account(accessToken, facts)
    const removed = await play.owner.delete(`/api/integrations/${play.integrationId}`)
    expectStatus(removed, 204)
    expect(removed.headers.get('x-receipt')).toMatch(/^\/api\/receipts\//)
    expect(await play.integration()).toBeUndefined()
    const said = removed.headers.get('x-revocation')
    const { revocation } = authorization
    const byHand = `not_supported; url="${new URL(authorization.manualRevocationUrl).href}"`
    if (revocation === null) {
      expect(said).toBe(byHand)
      return void await play.account(accessToken, facts)
    }
    // Of a refresh token that the one call does not cover nothing is claimed.
    expect(said).toBe(refreshToken === undefined || revocation.covers.includes('refresh_token') ? 'revoked' : byHand)
    for (const { accessToken: one } of play.held.values()) await expect(play.account(one, facts)).rejects.toMatchObject({ kind: 'unauthorized' })
    if (refreshToken && revocation.covers.includes('refresh_token')) {
      await expect(refreshGrant(play.oauth(), refreshToken)).rejects.toMatchObject({ failure: 'dead_grant' })
    }
  })
}
