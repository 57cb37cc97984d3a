/** What a resource is found to tell, whatever happens to the calls that it rests on. */
import { describe, expect, it } from 'vitest'
import { definePublisher, type Connector } from '#server/connectors/contract'
import { supabase } from '#server/connectors/supabase'
import { advisors, members } from '#server/connectors/supabase/endpoints'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import { portrait } from '#server/scanner/portrait'
import { Unread, variableSignals } from '#server/connectors/signals'
import { readerOf } from '../connectors/reader'

const target = { id: '1', kind: 'project', externalId: 'ref', name: 'db', metadata: {} }
const now = new Date('2026-11-22T12:00:00Z')
const said = { kind: 'deploys', repository: 'git.example/acme/web', branch: 'main' } as const

const publishers = (derive = () => [said] as readonly (typeof said)[]) => [
  definePublisher({ kinds: ['project'], tells: ['deploys'], reads: { advisors }, derive: ({ advisors: answer }) => answer instanceof Unread ? [{ kind: 'unknown', of: 'deploys', why: answer.why }] : derive() }),
  definePublisher({ tells: ['uses_backend', 'exposed_variable'], reads: { members }, derive: ({ members: answer }) => answer instanceof Unread ? (answer.byPlan ? [] : [{ kind: 'unknown', of: 'uses_backend', why: answer.why }]) : variableSignals('API', { host: 'x.example', hasPassword: false, secretPrefix: null, tokenRole: null }) }),
]
const connector = (changes: Partial<Connector> = {}): Connector => ({ ...supabase, unavailable: () => null, signals: publishers(), ...changes })
const good = readerOf(endpoint => endpoint.id === members.id ? [] : {})
const failing = (kind: ProviderErrorKind, options: ConstructorParameters<typeof ProviderError>[2] = {}) => readerOf((endpoint) => {
  if (endpoint.id === members.id) throw new ProviderError(kind, 'GET /members', options)
  return {}
})
const told = async (...[one, api, missing = []]: [Connector, ReturnType<typeof readerOf>, string[]?]) => {
  const { told, passed } = await portrait(one, target, api, ({ scope }) => missing.includes(scope) ? `It needs ${scope}.` : null, now)
  return { ...Object.fromEntries(told), passed: [...passed] }
}

const nothing = { facts: [], unknown: null }
const uses = { kind: 'uses_backend', host: 'x.example', variable: 'API' }

describe('a portrait', () => {
  it('has every kind that the resource can tell, with what there is of it', async () => {
    expect(await told(connector(), good)).toEqual({ deploys: { facts: [said], unknown: null }, uses_backend: { facts: [uses], unknown: null }, exposed_variable: nothing, passed: [] })
    expect(await told(connector({ signals: undefined }), good)).toEqual({ passed: [] })
  })

  it.each([['forbidden', /lacks a permission/], ['not_json', /not JSON/], ['unauthorized', /refused the credential/]] as const)('says why a part is missing: %s', async (kind, why) => {
    expect(await told(connector(), failing(kind))).toEqual({ deploys: { facts: [said], unknown: null }, uses_backend: { facts: [], unknown: expect.stringMatching(why) as string }, exposed_variable: nothing, passed: [] })
  })

  it.each(['unreachable', 'timeout', 'rate_limited', 'server_error'] as const)('leaves what is known as it was when it will pass: %s', async (kind) => {
    expect(await told(connector(), failing(kind))).toMatchObject({ uses_backend: { unknown: expect.any(String) as string }, passed: ['uses_backend', 'exposed_variable'] })
  })

  it('takes what the plan does not have for none', async () => {
    expect(await told(connector(), failing('limited', { limitedBy: 'plan' }))).toMatchObject({ uses_backend: nothing })
    expect(await told(connector(), failing('limited', { limitedBy: 'role' }))).toMatchObject({ uses_backend: { unknown: expect.stringMatching(/roles/) as string } })
  })

  it('makes no call that it may not make, and says why', async () => {
    const api = readerOf((endpoint) => {
      if (endpoint.id === members.id) throw new Error('It was called')
      return {}
    })
    expect(await told(connector(), api, [members.scope])).toMatchObject({ deploys: { facts: [said] }, uses_backend: { unknown: `It needs ${members.scope}.` } })
  })

  it('asks nothing of what is switched off, and holds nothing back for it', async () => {
    const api = readerOf(() => { throw new Error('It was called') })
    expect(await told(connector({ unavailable: () => 'It is paused.' }), api)).toEqual({ deploys: nothing, uses_backend: nothing, exposed_variable: nothing, passed: [] })
  })

  it('is unknown where a publisher fails, or says what is not its own', async () => {
    const broken = connector({ signals: publishers(() => { throw new Error('A defect') }) })
    expect(await told(broken, good)).toMatchObject({ deploys: { facts: [], unknown: expect.stringMatching(/defect on our side/) as string }, uses_backend: { facts: [uses] } })
    const foreign = connector({ signals: [definePublisher({ tells: ['deploys'], reads: {}, derive: () => [uses as never] })] })
    expect(await told(foreign, good)).toEqual({ deploys: nothing, passed: [] })
  })

  it('lets everything else that is thrown through', async () => {
    await expect(told(connector(), readerOf(() => { throw new Error('The lease is lost') }))).rejects.toThrow('The lease is lost')
  })
})
