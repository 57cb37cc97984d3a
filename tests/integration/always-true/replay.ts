/** Callbacks that come twice, to the wrong browser, or with somebody else's code. */
import { expect } from 'vitest'
import { ApiClient, expectStatus, newPerson } from '../../support/client.ts'
import { land, startFlow } from '../../support/flow.ts'
import type { Stack } from '../../support/stack.ts'

const refused = /^\/integrations\?error=/
const integration = /^\/integrations\/[0-9a-f-]{36}$/

async function counts(client: ApiClient): Promise<{ integrations: number, assessments: number }> {
  const length = async (list: string) => expectStatus(await client.get<{ data: unknown[] }>(`/api/${list}`), 200).data.length
  return { integrations: await length('integrations'), assessments: await length('assessments') }
}

export async function expectOneCallback(stack: Stack): Promise<void> {
  const { provider } = stack
  const exchanges = () => provider.count({ grantType: 'authorization_code' })
  const thiefOf = (client: ApiClient) => new ApiClient(stack.app.url, client.jar.copy())

  // The same callback again, with a copy of the cookie that the browser has burnt.
  const first = await stack.person()
  const callback = await (await startFlow(first)).answer('approve')
  const thief = thiefOf(first)
  expect(await land(first, callback)).toMatch(integration)
  const once = await counts(first)
  expect(await land(thief, callback)).toBe('/integrations?error=flow_missing')
  expect(await land(thief, callback.replace(/code=[^&]+/, 'code=another'))).toMatch(refused)

  // The same callback many times at once: one gets through.
  const second = await stack.person()
  const raced = await (await startFlow(second)).answer('approve')
  const before = exchanges()
  const landed = await Promise.all(Array.from({ length: 8 }, () => thiefOf(second)).map(browser => land(browser, raced)))
  expect(landed.filter(location => integration.test(location))).toHaveLength(1)
  expect(landed.filter(location => refused.test(location))).toHaveLength(7)
  expect(exchanges()).toBe(before + 1)
  expect(await counts(second)).toEqual({ integrations: 1, assessments: 1 })

  // A callback that failed is spent as well, though the provider would take its code now.
  const third = await stack.person()
  const failing = await (await startFlow(third)).answer('approve')
  const patient = thiefOf(third)
  provider.fail({ kind: 'server_error', path: '/v1/oauth/token', times: 1 })
  expect(await land(third, failing)).toBe('/integrations?error=provider_unavailable')
  expect(await land(patient, failing)).toBe('/integrations?error=flow_missing')

  // In another browser of the same person, of another person, and with the cookie stolen as well.
  const victim = newPerson('victim')
  const browser = await stack.person(victim)
  const meant = await (await startFlow(browser)).answer('approve')
  const elsewhere = new ApiClient(stack.app.url)
  await elsewhere.signIn(victim)
  expect(await land(elsewhere, meant)).toBe('/integrations?error=flow_missing')
  const other = await stack.person()
  expect(await land(other, meant)).toBe('/integrations?error=flow_missing')
  for (const cookie of browser.jar.all().filter(one => one.name.startsWith('connect_'))) {
    other.jar.store(new Headers({ 'set-cookie': `${cookie.name}=${cookie.value}; Path=/api/auth` }))
  }
  expect(await land(other, meant)).toBe('/integrations?error=state_mismatch')
  expect(await counts(other)).toEqual({ integrations: 0, assessments: 0 })

  // For another organization of the same person.
  expectStatus(await browser.post('/api/organizations', { name: 'Second' }), 201)
  expect(await land(browser, meant)).toBe('/integrations?error=state_mismatch')
  expect(await counts(browser)).toEqual({ integrations: 0, assessments: 0 })

  // Somebody else's code in one's own callback (RFC 9700 section 4.5): the verifier does not fit.
  const attacker = await stack.person()
  const stolen = new URL(await (await startFlow(other)).answer('approve'), stack.app.url).searchParams.get('code') ?? ''
  const own = await startFlow(attacker)
  expect(await land(attacker, `/api/auth/supabase/callback?state=${own.state}&code=${stolen}`)).toBe('/integrations?error=code_refused')
  expect(await counts(attacker)).toEqual({ integrations: 0, assessments: 0 })
  expect(await counts(first)).toEqual(once)
}
