import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ZodError } from 'zod'
import { vercel } from '#server/connectors/vercel'
import { deliveryWindow } from '#server/connectors/vercel/webhooks'
import { now } from './evaluate'

const { verify, parse } = vercel.webhooks
const key = randomBytes(24).toString('base64url')
const owner = { team: { id: 'team_3Rw9' }, user: { id: 'usr_5Lm1' } }
const envelope = (type: string, payload: unknown = owner, changes: object = {}) => ({ id: 'evt_1', type, createdAt: now.getTime() - 60_000, region: 'iad1', payload, ...changes })

function delivery(body: unknown, options: { signature?: string | null, key?: string } = {}) {
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  const signature = options.signature === undefined ? createHmac('sha1', options.key ?? key).update(bytes).digest('hex') : options.signature
  return { headers: new Headers(signature === null ? {} : { 'x-vercel-signature': signature }), body: bytes }
}

describe('a delivery', () => {
  it('is Vercel\'s with the HMAC of its bytes', () => {
    expect(verify(delivery(envelope('project.created')), key, now)).toBe(true)
    expect(vercel.webhooks.key).toBe('client_secret')
  })

  it('is taken in upper case as well', () => {
    const sent = delivery(envelope('project.created'))
    sent.headers.set('x-vercel-signature', sent.headers.get('x-vercel-signature')?.toUpperCase() ?? '')
    expect(verify(sent, key, now)).toBe(true)
  })

  it('of a megabyte is read whole', () => {
    const sent = delivery(envelope('project.created', { ...owner, padding: 'x'.repeat(1024 * 1024) }))
    expect(verify(sent, key, now)).toBe(true)
    sent.body[sent.body.length - 10] = 0x79
    expect(verify(sent, key, now)).toBe(false)
  })

  it.each([
    ['no signature', { signature: null }], ['an empty one', { signature: '' }], ['one under another key', { key: 'another' }], ['one of half the length', { signature: 'ab'.repeat(10) }],
    ['one that is no hex', { signature: 'zz'.repeat(20) }], ['a SHA-256', { signature: 'ab'.repeat(32) }], ['one with a name in front', { signature: `sha1=${'ab'.repeat(20)}` }],
  ])('is refused with %s', (_name, options) => {
    expect(verify(delivery(envelope('project.created'), options), key, now)).toBe(false)
  })

  it('is refused while there is no key', () => {
    expect(verify(delivery(envelope('project.created'), { key: '' }), '', now)).toBe(false)
  })

  it('is refused once a byte of it is another', () => {
    const sent = delivery(envelope('project.created'))
    expect(verify({ ...sent, body: new TextEncoder().encode(new TextDecoder().decode(sent.body).replace('team_3Rw9', 'team_4Rw9')) }, key, now)).toBe(false)
  })

  it.each([
    ['just inside of the window', now.getTime() - deliveryWindow.oldest, true],
    ['too old', now.getTime() - deliveryWindow.oldest - 1, false],
    ['of a clock that is a little ahead', now.getTime() + deliveryWindow.newest, true],
    ['of tomorrow', now.getTime() + 86_400_000, false],
    ['with its time as text', '2026-11-22T11:00:00.000Z', true],
    ['with a time that is none', 'soon', false],
    ['without a time', undefined, false],
  ])('%s', (_name, createdAt, good) => {
    expect(verify(delivery(envelope('project.created', owner, { createdAt })), key, now)).toBe(good)
  })

  it.each(['', '{', 'null', '[]', '"x"'])('that is signed and says %j is none', (text) => {
    expect(verify(delivery(text), key, now)).toBe(false)
    expect(() => parse(delivery(text))).toThrow(ZodError)
  })
})

describe('an event', () => {
  const events = (type: string, payload: unknown) => parse(delivery(envelope(type, payload)))
  const facts = { installation_id: 'icfg_8Kq2' }
  const configuration = { id: 'icfg_8Kq2', projectSelection: 'all', projects: [] }
  const accountId = 'team_3Rw9'

  it.each<[string, unknown, object[]]>([
    ['integration-configuration.removed', { ...owner, configuration }, [{ what: 'ended', accountId, facts }]],
    ['integration-configuration.permission-upgraded', { ...owner, configuration, projects: { added: ['prj_1'], removed: [] } }, [{ what: 'permissions', accountId, facts }, { what: 'resources', accountId, facts }]],
    ['integration-configuration.scope-change-confirmed', { ...owner, configuration }, [{ what: 'permissions', accountId, facts }]],
    ['integration-configuration.transferred', { configuration, previousTeamId: accountId, newTeamId: 'team_other' }, [{ what: 'ended', accountId, facts }]],
    ['integration-configuration.transferred', { configuration, previousTeamId: accountId, newTeamId: accountId }, [{ what: 'resumed', accountId, facts }]],
    ['integration-configuration.transferred', { configuration }, []],
    ['project.created', { ...owner, project: { id: 'prj_1', name: 'one' } }, [{ what: 'resources', accountId }]],
    ['project.removed', { ...owner, project: { id: 'prj_1', name: 'one' } }, [{ what: 'resources', accountId }]],
    ['project.renamed', { ...owner, project: { id: 'prj_1' } }, [{ what: 'resources', accountId }]],
    ['project.env-variable.created', { ...owner, projectId: 'prj_1' }, [{ what: 'changed', accountId, resourceId: 'prj_1' }]],
    ['project.env-variable.deleted', { ...owner, project: { id: 'prj_1' } }, [{ what: 'changed', accountId, resourceId: 'prj_1' }]],
    ['project.env-variable.updated', owner, [{ what: 'changed', accountId }]],
    ['project.domain.verified', { ...owner, project: { id: 'prj_1' }, domain: { name: 'a.example' } }, [{ what: 'changed', accountId, resourceId: 'prj_1' }]],
    ['project.domain-unverified', { ...owner, project: { id: 'prj_1' } }, [{ what: 'changed', accountId, resourceId: 'prj_1' }]],
    ['project.domain.moved', { ...owner, from: { projectId: 'prj_1' }, to: { projectId: 'prj_2' } }, [{ what: 'changed', accountId, resourceId: 'prj_1' }, { what: 'changed', accountId, resourceId: 'prj_2' }]],
    ['deployment.succeeded', { ...owner, deployment: { id: 'dpl_1' } }, []],
    ['firewall.attack', {}, []],
    ['something.new', null, []],
  ])('%s', (type, payload, expected) => {
    const at = '2026-11-22T11:59:00.000Z'
    expect(events(type, payload)).toEqual({ id: 'evt_1', events: expected.map(event => ({ ...event, at })) })
  })

  it('on a personal account is the person\'s', () => {
    expect(events('integration-configuration.removed', { team: null, user: { id: 'usr_5Lm1' }, configuration })).toMatchObject({ events: [{ what: 'ended', accountId: 'usr_5Lm1' }] })
  })

  it.each<[string, unknown]>([
    ['integration-configuration.removed', owner], ['integration-configuration.removed', { ...owner, configuration: 'icfg_8Kq2' }], ['integration-configuration.removed', { configuration }],
    ['project.created', {}], ['project.created', { team: { id: '' } }], ['project.env-variable.created', []], ['project.domain.moved', null],
  ])('%s with %j is refused', (type, payload) => {
    expect(() => events(type, payload)).toThrow(ZodError)
  })

  it.each([{ id: '' }, { id: 7 }, { id: undefined }, { type: 7 }, { type: undefined }, { id: 'x'.repeat(201) }])('with an envelope of %j is refused', (changes) => {
    expect(() => parse(delivery(envelope('project.created', owner, changes)))).toThrow(ZodError)
  })
})
