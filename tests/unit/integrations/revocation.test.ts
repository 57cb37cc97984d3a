import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OAuth2 } from '#server/connectors/contract'
import { endSlots, summaryOf, whileRefreshing, type TokenOutcome } from '#server/integrations/revocation'
import { clientAt, startServer } from '../oauth/support'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())
beforeEach(() => { server.received.length = 0 })

type Revocation = NonNullable<OAuth2['revocation']>
const revocation = (covers: Revocation['covers']): Revocation => ({
  path: '/oauth/revoke', alreadyGone: [], alreadyGoneErrors: ['token_revoked'], covers, ends: 'tokens', request: ({ accessToken }) => ({ encoding: 'form', body: { token: accessToken } }),
})
const both = ['access_token', 'refresh_token'] as const
const secrets = { accessToken: 'bot-a', refreshToken: 'bot-r', extra: { user: { accessToken: 'user-a', refreshToken: null } }, facts: {} }
const end = (how: OAuth2['revocation']) => endSlots(clientAt(server.url, { revocation: how }), secrets, { sleep: async () => undefined })
const short = (tokens: TokenOutcome[]) => tokens.map(({ slot, token, outcome, attempts }) => [slot, token, outcome, attempts].join(' '))

describe('endSlots', () => {
  it('ends each pair with a call of its own', async () => {
    server.reply(200, { ok: true })
    expect(short(await end(revocation(both)))).toEqual(['main access_token revoked 1', 'main refresh_token revoked 1', 'user access_token revoked 1'])
    expect(server.received.map(call => call.body).sort()).toEqual(['token=bot-a', 'token=user-a'])
  })

  it('says of each pair what became of it', async () => {
    server.answer(({ body }, response) => {
      if (body.includes('bot')) response.end(JSON.stringify({ ok: false, error: 'token_revoked' }))
      else response.writeHead(500).end()
    })
    const tokens = await end(revocation(both))
    expect(short(tokens)).toEqual(['main access_token already_gone 1', 'main refresh_token already_gone 1', 'user access_token failed 3'])
    expect(tokens[0]).not.toHaveProperty('manual_url')
    expect(tokens[2]).toMatchObject({ reason: 'server_error', manual_url: 'https://example/apps', at: expect.stringMatching(/^\d{4}-.*Z$/) as string })
  })

  it('claims nothing of a token that the call does not cover', async () => {
    server.reply(204, '')
    const tokens = await end(revocation(['access_token']))
    expect(short(tokens)).toEqual(['main access_token revoked 1', 'main refresh_token not_supported 0', 'user access_token revoked 1'])
    expect(tokens[1]?.manual_url).toBe('https://example/apps')
  })

  it('makes no call where the provider offers none', async () => {
    expect(short(await end(null))).toEqual(['main access_token not_supported 0', 'main refresh_token not_supported 0', 'user access_token not_supported 0'])
    expect(server.received).toEqual([])
  })
})

describe('summaryOf', () => {
  it.each<[TokenOutcome['outcome'][], TokenOutcome['outcome']]>([
    [['revoked', 'revoked'], 'revoked'], [['revoked', 'already_gone'], 'revoked'], [['already_gone'], 'already_gone'],
    [['revoked', 'failed'], 'failed'], [['not_supported', 'failed'], 'failed'], [['revoked', 'not_supported'], 'not_supported'], [[], 'failed'],
  ])('%j is %s', (outcomes, word) => {
    expect(summaryOf(outcomes.map(outcome => ({ slot: 'main', token: 'access_token', outcome, attempts: 1, at: '' })))).toBe(word)
  })
})

describe('whileRefreshing', () => {
  it('claims nothing of tokens that a refresh may have replaced, and leaves what was not revoked as it is', () => {
    const of = (outcome: TokenOutcome['outcome'], reason?: string): TokenOutcome => ({ slot: 'main', token: 'access_token', outcome, attempts: 1, at: 'now', ...(reason ? { reason } : {}) })
    const tokens = [of('revoked'), of('already_gone'), of('failed', 'timeout'), of('not_supported', 'shared_installation'), of('not_supported')]
    expect(whileRefreshing(clientAt(server.url).connector, tokens).map(({ outcome, reason, manual_url }) => [outcome, reason, manual_url])).toEqual([
      ['failed', 'refresh_running', 'https://example/apps'], ['failed', 'refresh_running', 'https://example/apps'], ['failed', 'timeout', undefined], ['not_supported', 'shared_installation', undefined], ['not_supported', undefined, undefined],
    ])
  })
})
