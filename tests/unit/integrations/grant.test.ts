import { expect, it } from 'vitest'
import { grantFields } from '#server/integrations/grant'
import { connectorWith } from '../oauth/support'

const now = new Date('2026-01-01T00:00:00Z')

it('takes a grant of a provider that gives no refresh token, and has none', () => {
  const connector = { ...connectorWith(), secrets: ['access_token'] }
  expect(grantFields(connector, { accessToken: 'a' }, now)).toMatchObject({ access_token: 'a', refresh_token: null, scopes_granted: null, facts: {} })
  expect(grantFields(connectorWith(), { accessToken: 'a', refreshToken: 'r', facts: { team: 't' } }, now)).toMatchObject({ refresh_token: 'r', facts: { team: 't' } })
})

it('gives each consent an id of its own', () => {
  const [one, two] = [1, 2].map(() => grantFields(connectorWith(), { accessToken: 'a' }, now).grant_id)
  expect(one).toMatch(/^[0-9a-f-]{36}$/)
  expect(one).not.toBe(two)
})
