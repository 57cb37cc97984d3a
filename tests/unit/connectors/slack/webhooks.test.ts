import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { slack } from '#server/connectors/slack'
import { now } from './evaluate'

const key = randomBytes(16).toString('hex')
const { verify, parse } = slack.webhooks
const seconds = Math.floor(now.getTime() / 1000)

function delivery(payload: unknown, options: { at?: number, with?: string, headers?: Record<string, string | null> } = {}) {
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
  const timestamp = String(options.at ?? seconds)
  const signature = `v0=${createHmac('sha256', options.with ?? key).update(`v0:${timestamp}:`).update(body).digest('hex')}`
  const headers = new Headers()
  for (const [name, value] of Object.entries({ 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature, ...options.headers })) if (value !== null) headers.set(name, value)
  return { headers, body: new Uint8Array(body) }
}

const callback = (event: object, changes: object = {}) => ({
  type: 'event_callback', token: 'legacy', team_id: 'T1', api_app_id: 'A1', event_id: 'Ev1', event_time: seconds, event, ...changes,
})

describe('a signature', () => {
  it.each([299, -299, 300, -300])('holds %i seconds off', (off) => {
    expect(verify(delivery(callback({ type: 'team_join' }), { at: seconds + off }), key, now)).toBe(true)
  })

  it.each([
    ['another key', { with: 'another' }],
    ['no signature', { headers: { 'x-slack-signature': null } }],
    ['no timestamp', { headers: { 'x-slack-request-timestamp': null } }],
    ['an empty signature', { headers: { 'x-slack-signature': '' } }],
    ['a short signature', { headers: { 'x-slack-signature': 'v0=abcd' } }],
    ['another version', { headers: { 'x-slack-signature': `v1=${'a'.repeat(64)}` } }],
    ['a signature of zeros', { headers: { 'x-slack-signature': `v0=${'0'.repeat(64)}` } }],
    ['another timestamp than was signed', { headers: { 'x-slack-request-timestamp': String(seconds - 1) } }],
    ['a timestamp that is none', { headers: { 'x-slack-request-timestamp': 'now' } }],
    ['a replay', { at: seconds - 301 }],
    ['a delivery from the future', { at: seconds + 301 }],
  ])('does not hold with %s', (_name, options) => {
    expect(verify(delivery(callback({ type: 'team_join' }), options), key, now)).toBe(false)
  })

  it('does not hold for other bytes, nor with an empty key', () => {
    const good = delivery(callback({ type: 'team_join' }))
    expect(verify({ ...good, body: new Uint8Array([...good.body, 32]) }, key, now)).toBe(false)
    expect(verify(delivery(callback({ type: 'team_join' }), { with: '' }), '', now)).toBe(false)
  })

  it('is over the bytes as they came, whatever they are', () => {
    const { headers } = delivery('')
    const body = new Uint8Array([0xFF, 0x00, 0xFE])
    headers.set('x-slack-signature', `v0=${createHmac('sha256', key).update(`v0:${seconds}:`).update(body).digest('hex')}`)
    expect(verify({ headers, body }, key, now)).toBe(true)
    expect(() => parse({ headers, body })).toThrow(z.ZodError)
  })

  it('is checked on a megabyte too, which then says what it says', () => {
    const large = delivery(callback({ type: 'user_change', user: { id: 'U1', profile: { status_text: 'x'.repeat(1024 * 1024) } } }))
    expect(verify(large, key, now)).toBe(true)
    expect(JSON.stringify(parse(large)).length).toBeLessThan(200)
  })
})

describe('a delivery', () => {
  it('that asks whether we are there gets its challenge back', () => {
    expect(parse(delivery({ type: 'url_verification', token: 'x', challenge: '3eZbrw1aB' }))).toEqual({ challenge: '3eZbrw1aB' })
  })

  it.each([
    ['the app was removed', callback({ type: 'app_uninstalled' }), [{ what: 'ended', accountId: 'T1' }]],
    ['the app\'s token was revoked', callback({ type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: ['U0'] } }), [{ what: 'ended', accountId: 'T1' }]],
    ['two persons\' tokens were revoked', callback({ type: 'tokens_revoked', tokens: { oauth: ['U1', 'U2', 'U1'], bot: [] } }), [
      { what: 'permissions', accountId: 'T1', facts: { user_id: 'U1' } }, { what: 'permissions', accountId: 'T1', facts: { user_id: 'U2' } },
    ]],
    ['nobody\'s token was revoked', callback({ type: 'tokens_revoked', tokens: {} }), []],
    ['somebody joined', callback({ type: 'team_join', user: { id: 'U1', profile: { email: 'e' } } }), [{ what: 'changed', accountId: 'T1', resourceId: 'T1' }]],
    ['somebody changed', callback({ type: 'user_change', user: { id: 'U1' } }), [{ what: 'changed', accountId: 'T1', resourceId: 'T1' }]],
    ['a channel was shared', callback({ type: 'channel_shared', connected_team_id: 'E9', channel: 'C1' }), [{ what: 'changed', accountId: 'T1', resourceId: 'T1' }]],
    ['a channel is shared no more', callback({ type: 'channel_unshared', channel: 'C1' }), [{ what: 'changed', accountId: 'T1', resourceId: 'T1' }]],
    ['something else happened', callback({ type: 'reaction_added' }), []],
    ['a workspace of an organization changed', callback({ type: 'team_join' }, { enterprise_id: 'E1', authorizations: [{ enterprise_id: 'E1', team_id: null, is_enterprise_install: true }] }), [{ what: 'changed', accountId: 'E1', resourceId: 'T1' }]],
    ['a workspace changed that is part of one', callback({ type: 'team_join' }, { enterprise_id: 'E1', authorizations: [{ enterprise_id: 'E1', team_id: 'T1', is_enterprise_install: false }] }), [{ what: 'changed', accountId: 'T1', resourceId: 'T1' }]],
    ['an organization removed the app', callback({ type: 'app_uninstalled' }, { team_id: null, enterprise_id: 'E1' }), [{ what: 'ended', accountId: 'E1' }]],
    ['an organization removed the app, and a workspace is named', callback({ type: 'app_uninstalled' }, { enterprise_id: 'E1', is_enterprise_install: true }), [{ what: 'ended', accountId: 'E1' }]],
    ['a workspace of an organization removed the app', callback({ type: 'app_uninstalled' }, { enterprise_id: 'E1', is_enterprise_install: false }), [{ what: 'ended', accountId: 'T1' }]],
    ['one of the two removed the app', callback({ type: 'app_uninstalled' }, { enterprise_id: 'E1' }), [{ what: 'ended', accountId: 'T1' }, { what: 'resources', accountId: 'E1' }]],
    ['one of the two lost the app\'s token', callback({ type: 'tokens_revoked', tokens: { bot: ['U0'] } }, { enterprise_id: 'E1', is_enterprise_install: 'yes' }), [{ what: 'ended', accountId: 'T1' }, { what: 'resources', accountId: 'E1' }]],
    ['one of the two lost a person\'s token', callback({ type: 'tokens_revoked', tokens: { oauth: ['U1'] } }, { enterprise_id: 'E1' }), [
      { what: 'permissions', accountId: 'T1', facts: { user_id: 'U1' } }, { what: 'permissions', accountId: 'E1', facts: { user_id: 'U1' } },
    ]],
    ['one of the two changed', callback({ type: 'team_join' }, { enterprise_id: 'E1', authorizations: [{ team_id: 'T1' }] }), [{ what: 'changed', accountId: 'T1', resourceId: 'T1' }, { what: 'changed', accountId: 'E1', resourceId: 'T1' }]],
    ['an organization removed the app that is not named', callback({ type: 'app_uninstalled' }, { is_enterprise_install: true }), []],
    ['a workspace was added to one of the two', callback({ type: 'team_access_granted' }, { enterprise_id: 'E1' }), [{ what: 'resources', accountId: 'E1' }]],
    ['a workspace was added', callback({ type: 'team_access_granted', team_ids: ['T2'] }, { team_id: null, enterprise_id: 'E1' }), [{ what: 'resources', accountId: 'E1' }]],
    ['a workspace was taken away', callback({ type: 'team_access_revoked', team_ids: ['T2'] }, { enterprise_id: 'E1', authorizations: [{ enterprise_id: 'E1', team_id: 'T1', is_enterprise_install: false }] }), [{ what: 'resources', accountId: 'E1' }]],
    ['nobody knows where', callback({ type: 'app_uninstalled' }, { team_id: null }), []],
    ['the id of the workspace is none', callback({ type: 'app_uninstalled' }, { team_id: '../x' }), []],
  ])('says that %s', (_name, payload, events) => {
    // The end of the second that Slack names.
    const at = '2026-11-22T12:00:00.999Z'
    expect(parse(delivery(payload))).toEqual({ id: 'Ev1', events: events.map(event => ({ ...event, at })) })
  })

  it.each([[undefined], [null], [0], [-1], ['1795348800'], [1.5], [9e15], [Number.MAX_VALUE]])('has no time where Slack gives %s', (time) => {
    expect(parse(delivery(callback({ type: 'app_uninstalled' }, { event_time: time })))).toEqual({ id: 'Ev1', events: [{ what: 'ended', accountId: 'T1' }] })
  })

  it('that tells of events left out means to look again', () => {
    expect(parse(delivery({ type: 'app_rate_limited', token: 'x', team_id: 'T1', minute_rate_limited: 1518467820, api_app_id: 'A1' })))
      .toEqual({ id: 'app_rate_limited:T1:1518467820', events: [{ what: 'changed', accountId: 'T1', resourceId: 'T1' }] })
  })

  it('has the same id when it comes again', () => {
    const again = delivery(callback({ type: 'team_join' }), { headers: { 'x-slack-retry-num': '2' } })
    expect(parse(again)).toEqual(parse(delivery(callback({ type: 'team_join' }))))
  })

  it.each([
    ['another type', { type: 'block_actions' }], ['no type', {}], ['no event', { type: 'event_callback', event_id: 'Ev1', team_id: 'T1' }], ['no id', callback({ type: 'team_join' }, { event_id: undefined })],
    ['a challenge that is none', { type: 'url_verification', challenge: 7 }], ['a challenge without end', { type: 'url_verification', challenge: 'x'.repeat(5000) }],
    ['tokens that are none', callback({ type: 'tokens_revoked', tokens: 'all' })], ['a list', []], ['null', 'null'], ['no JSON', 'payload=1'], ['nothing', ''],
  ])('is refused with %s', (_name, payload) => {
    expect(() => parse(delivery(payload))).toThrow(z.ZodError)
  })
})
