import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Delivery, Webhooks } from '#server/connectors/contract'
import { github } from '#server/connectors/github'

const key = randomBytes(32).toString('hex')
const now = new Date('2026-11-22T12:00:00Z')
const guid = '72d3162e-cc78-11e3-81ab-4c9367dc0958'
const bytes = (body: unknown) => new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
const sign = (body: Uint8Array, secret = key) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

function delivery(event: string | null, body: unknown, changes: Record<string, string | null> = {}): Delivery {
  const raw = bytes(body)
  const headers = { 'x-github-event': event, 'x-github-delivery': guid, 'x-hub-signature-256': sign(raw), ...changes }
  return { body: raw, headers: new Headers(Object.entries(headers).flatMap(([name, value]) => value === null ? [] : [[name, value] satisfies [string, string]])) }
}

const { parse } = github.webhooks
/** As the product calls it: with the time, which GitHub's signature does not have. */
const verify: Webhooks['verify'] = github.webhooks.verify

describe('the signature', () => {
  it('fits the raw bytes and the key', () => {
    expect(verify(delivery('ping', { zen: 'é' }), key, now)).toBe(true)
    expect(verify(delivery('ping', ' {"a": 1}\n'), key, now)).toBe(true)
  })

  it.each([
    ['none', { 'x-hub-signature-256': null }],
    ['an empty one', { 'x-hub-signature-256': '' }],
    ['the old kind', { 'x-hub-signature-256': null, 'x-hub-signature': `sha1=${'0'.repeat(40)}` }],
    ['one without its prefix', { 'x-hub-signature-256': sign(bytes({})).slice(7) }],
    ['a short one', { 'x-hub-signature-256': 'sha256=00' }],
    ['one of other bytes', { 'x-hub-signature-256': sign(bytes({ a: 2 })) }],
    ['one by another key', { 'x-hub-signature-256': sign(bytes({}), 'guess') }],
    ['no hex', { 'x-hub-signature-256': `sha256=${'z'.repeat(64)}` }],
  ])('is refused: %s', (_name, changes) => {
    expect(verify(delivery('ping', {}, changes), key, now)).toBe(false)
  })

  it('is refused under an empty key', () => {
    const raw = bytes({})
    expect(verify({ body: raw, headers: new Headers({ 'x-hub-signature-256': sign(raw, '') }) }, '', now)).toBe(false)
  })

  it('has no time: the same delivery counts a year later, and is known again by its id', () => {
    const late = delivery('ping', {})
    expect(verify(late, key, new Date('2027-11-22T12:00:00Z'))).toBe(true)
    expect([parse(late), parse(late)]).toEqual([{ id: guid, events: [] }, { id: guid, events: [] }])
  })
})

const installation = { id: 70, account: { id: 7, login: 'acme' } }
const about = { accountId: '7', facts: { installation_id: '70' } }
const repository = { id: 42, name: 'app', owner: { id: 7 } }
const inOrganization = { installation: { id: 70 }, organization: { id: 7 }, repository }

type Row = [event: string, body: object, events: object[]]
const rows: Row[] = [
  ['ping', { zen: 'Keep it logically awesome.', hook_id: 1 }, []],
  ['installation', { action: 'created', installation }, []],
  ['installation', { action: 'deleted', installation }, [{ what: 'ended', ...about }]],
  ['installation', { action: 'suspend', installation }, [{ what: 'suspended', ...about }]],
  ['installation', { action: 'unsuspend', installation }, [{ what: 'resumed', ...about }]],
  ['installation', { action: 'new_permissions_accepted', installation }, [{ what: 'permissions', ...about }]],
  ['installation', { action: 'suspend', installation: { ...installation, suspended_at: '2021-04-29T02:32:50Z', updated_at: '2021-04-28T22:32:51.000-04:00' } }, [{ what: 'suspended', ...about, at: '2021-04-29T02:32:50.000Z' }]],
  ['installation', { action: 'suspend', installation: { ...installation, suspended_at: null, updated_at: 1619663570 } }, [{ what: 'suspended', ...about, at: '2021-04-29T02:32:50.000Z' }]],
  ['installation', { action: 'unsuspend', installation: { ...installation, suspended_at: null, updated_at: '2021-04-28T22:32:50.000-04:00' } }, [{ what: 'resumed', ...about, at: '2021-04-29T02:32:50.999Z' }]],
  ['installation', { action: 'unsuspend', installation: { ...installation, updated_at: 'yesterday' } }, [{ what: 'resumed', ...about }]],
  ['installation', { action: 'suspend', installation: { ...installation, suspended_at: -1, updated_at: 9e15 } }, [{ what: 'suspended', ...about }]],
  // Of long before: a removal does not change the installation.
  ['installation', { action: 'deleted', installation: { ...installation, suspended_at: '2021-04-29T02:32:50Z', updated_at: 1619663570 } }, [{ what: 'ended', ...about }]],
  ['installation', { action: 'constructor', installation }, []],
  ['installation_repositories', { action: 'added', installation, repositories_added: [] }, [{ what: 'resources', ...about }]],
  ['installation_repositories', { action: 'removed', installation }, [{ what: 'resources', ...about }]],
  ['installation_target', { action: 'renamed', installation: { id: 70 }, account: { id: 7, login: 'new' } }, [{ what: 'resources', ...about }]],
  ['github_app_authorization', { action: 'revoked', sender: { id: 9, login: 'mei' } }, [{ what: 'ended', facts: { user_id: '9' } }]],
  ['github_app_authorization', { action: 'revoked' }, []],
  ['repository', { action: 'publicized', ...inOrganization }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['repository', { action: 'renamed', ...inOrganization }, [{ what: 'resources', ...about }, { what: 'changed', ...about, resourceId: '42' }]],
  ['branch_protection_rule', { action: 'deleted', ...inOrganization }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['branch_protection_configuration', { action: 'disabled', ...inOrganization }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['repository_ruleset', { action: 'edited', installation: { id: 70 }, organization: { id: 7 } }, [{ what: 'changed', ...about, resourceId: 'organization:7' }]],
  ['organization', { action: 'member_added', installation: { id: 70 }, organization: { id: 7 } }, [{ what: 'changed', ...about, resourceId: 'organization:7' }]],
  ['member', { action: 'added', ...inOrganization }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['security_and_analysis', { changes: {}, ...inOrganization }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['secret_scanning_alert', { action: 'created', installation: { id: 70 }, repository }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['dependabot_alert', { action: 'created', ...inOrganization }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['code_scanning_alert', { action: 'created', ...inOrganization }, [{ what: 'changed', ...about, resourceId: '42' }]],
  ['push', { ref: 'refs/heads/main', ...inOrganization }, []],
  ['something_new', { action: 'created', ...inOrganization }, []],
  ['repository', { action: 'publicized', repository }, []],
]

describe('a delivery', () => {
  it.each(rows)('%s %j', (event, body, events) => {
    expect(parse(delivery(event, body))).toEqual({ id: guid, events })
  })

  it('takes nothing for an installation or an owner that is none', () => {
    for (const odd of [{ id: '70', account: { id: 7 } }, { id: -1 }, 'x', null, []]) {
      expect(parse(delivery('installation', { action: 'deleted', installation: odd })).events).toEqual([])
    }
  })

  it.each([
    ['no type', delivery(null, {})],
    ['an odd type', delivery('in stallation', {})],
    ['no id', delivery('ping', {}, { 'x-github-delivery': null })],
    ['no JSON', delivery('ping', '{"a":')],
    ['a form', delivery('ping', 'payload=%7B%7D')],
    ['nothing', delivery('ping', '')],
    ['a list', delivery('ping', [])],
  ])('is refused with %s', (_name, odd) => {
    expect(() => parse(odd)).toThrow(expect.objectContaining({ name: 'ZodError' }))
  })

  it('of a megabyte is verified and read like any other', () => {
    const big = delivery('installation', { action: 'deleted', installation, padding: 'x'.repeat(1024 * 1024) })
    expect(verify(big, key, now)).toBe(true)
    expect(parse(big).events).toEqual([{ what: 'ended', ...about }])
  })
})
