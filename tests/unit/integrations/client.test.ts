/** Which registration speaks to a provider, and with which settings. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { clientFor, clientsOf, clientToConnect, useSandbox } from '#server/integrations/client'
import { viewProvider } from '#server/integrations/providers'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { loadEnv } from '#server/utils/env'
import { noisy } from '../../support/test-connectors'

const standIn = { clientId: 'sandbox', clientSecret: 'sandbox-secret', settings: { app_name: 'stand-in' }, apiBase: 'http://localhost:3000/sandbox/noisy', authBase: 'http://localhost:3000/sandbox/noisy' }

/** @param source of this process */
function environment(source: Record<string, string>): void {
  for (const [name, value] of Object.entries(source)) vi.stubEnv(name, value)
  loadEnv([noisy])
}
const whole = { NOISY_CLIENT_ID: 'id', NOISY_CLIENT_SECRET: 'client-leak', NOISY_APP_NAME: 'ours', NOISY_SIGNING_KEY: 'signing-leak' }

beforeEach(() => environment({}))
afterEach(() => {
  useSandbox(null)
  vi.unstubAllEnvs()
  loadEnv()
})

it('hands the operator\'s settings on', async () => {
  environment(whole)
  expect(clientFor(noisy, false)).toMatchObject({ clientId: 'id', settings: { app_name: 'ours', signing_key: 'signing-leak' } })
  expect(clientToConnect(noisy)).toMatchObject({ inSandbox: false, client: { settings: { app_name: 'ours' } } })
  expect((await authorizeUrl(clientFor(noisy, false), { state: 's', codeVerifier: null })).pathname).toBe('/apps/ours/authorize')
})

it('is not configured without a required setting', () => {
  environment({ ...whole, NOISY_APP_NAME: '' })
  expect(clientToConnect(noisy)).toBeNull()
  expect(() => clientFor(noisy, false)).toThrow(expect.objectContaining({ code: 'not_configured', detail: 'Set NOISY_APP_NAME.' }) as Error)
  expect(viewProvider(noisy)).toMatchObject({ configured: false, missing: ['NOISY_APP_NAME'] })
})

it('takes what the stand-in registered, where there is no other', () => {
  useSandbox({ client: () => standIn, fetch: async () => new Response() })
  expect(clientToConnect(noisy)).toMatchObject({ inSandbox: true, client: { clientId: 'sandbox', settings: { app_name: 'stand-in' } } })
  expect(clientsOf(noisy).map(one => one.inSandbox)).toEqual([true])
  environment(whole)
  expect(clientsOf(noisy).map(one => [one.inSandbox, one.client.settings.app_name])).toEqual([[false, 'ours'], [true, 'stand-in']])
  const { settings: _, ...without } = standIn
  useSandbox({ client: () => without, fetch: async () => new Response() })
  expect(clientFor(noisy, true).settings).toEqual({})
})

it('is shown with what there is to set, never with what it is set to', () => {
  environment(whole)
  const view = viewProvider(noisy)
  expect(view.settings).toEqual([
    { variable: 'NOISY_APP_NAME', description: 'The app\'s name in its address.', secret: false, required: true },
    { variable: 'NOISY_SIGNING_KEY', description: 'What deliveries are signed with.', secret: true, required: false },
  ])
  expect(view).toMatchObject({ configured: true, missing: [], webhook_uri: 'http://localhost:3000/api/webhooks/noisy' })
  expect(JSON.stringify(view)).not.toMatch(/-leak|"ours"/)
})
