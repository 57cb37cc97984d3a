/** Somebody sees that a permission is missing, reconnects without a mouse, and signs in as the wrong account. */
import { url } from '@nuxt/test-utils/e2e'
import type { Page } from 'playwright-core'
import { afterEach, expect, it } from 'vitest'
import { connectAndScan } from '../support/company.ts'
import { hydrated, open, setupStack, visit } from '../support/nuxt-e2e.ts'
import { expectDrawn, listed, tabTo } from './steps.ts'

const { provider, person } = await setupStack({ mode: 'embedded' })
afterEach(() => provider.clearFaults())

const elsewhere = { id: 'qwhmztnbvkxcrlpdfgys', slug: 'qwhmztnbvkxcrlpdfgys', name: 'Brightwater Subsidiary Holdings International' }

async function ownerWithoutAuthScope() {
  provider.fail({ path: '/v1/oauth/token', kind: async (_request, pass) => {
    const answer = await (await pass()).json() as { scope: string }
    return Response.json({ ...answer, scope: `${answer.scope.replace('auth:read ', '')} database:write` })
  } })
  const client = await person()
  const { integrationId } = await connectAndScan(client)
  provider.clearFaults()
  return { client, integrationId }
}

/** From the configuration to the provider and back as another organization, by keyboard. */
async function reconnectAsAnother(page: Page, integrationId: string): Promise<void> {
  await open(page, `/integrations/${integrationId}/configuration`)
  const reconnect = page.getByRole('link', { name: 'Reconnect to grant it' })
  await reconnect.waitFor()
  const described = await reconnect.evaluate(element => document.getElementById(element.getAttribute('aria-describedby') ?? '')?.innerText)
  expect(described).toContain('Brightwater Labs')
  expect(described).toContain('kvtrzmwqyhxbncdlfgps')
  await tabTo(page, reconnect, 120)
  provider.fail({ kind: () => Response.json([elsewhere]), path: /^\/v1\/organizations$/ })
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Authorize AllyShip Integrations' }).waitFor()
  await tabTo(page, page.getByRole('button', { name: 'Approve' }))
  await page.keyboard.press('Enter')
  await page.waitForURL(url('/integrations/confirm/*'))
  await hydrated(page)
  await page.getByRole('heading', { name: 'You signed in as another account' }).waitFor()
}

it('names what is missing and what is too much, and asks before another account is connected', async () => {
  const { client, integrationId } = await ownerWithoutAuthScope()
  const { page, errors } = await visit({ as: client })
  await open(page, `/integrations/${integrationId}/configuration`)
  const panel = page.getByRole('region', { name: 'Permissions' })
  await panel.getByText('1 permission is missing.').waitFor()
  const [first] = await panel.getByRole('listitem').filter({ has: page.locator('code') }).all()
  expect(await first?.innerText()).toMatch(/auth:read[\s\S]*Not granted[\s\S]*4 checks lost without it/)
  expect(await panel.getByText('Used by nothing').locator('..').innerText()).toContain('database:write')
  await expectDrawn(page, 'integration-permissions')

  await reconnectAsAnother(page, integrationId)
  const before = page.getByRole('region', { name: 'You are reconnecting' })
  const found = page.getByRole('region', { name: 'You signed in as' })
  expect(await before.innerText()).toContain('kvtrzmwqyhxbncdlfgps')
  expect(await found.innerText()).toContain(elsewhere.slug)
  await expectDrawn(page, 'confirm-account')

  await tabTo(page, page.getByRole('button', { name: 'Cancel' }))
  await page.keyboard.press('Enter')
  await page.waitForURL(url(`/integrations/${integrationId}`))
  expect(await listed(page, '/api/integrations')).toHaveLength(1)
  expect(provider.count({ path: '/v1/oauth/revoke' })).toBe(1)

  await reconnectAsAnother(page, integrationId)
  await tabTo(page, page.getByRole('button', { name: `Connect ${elsewhere.name} as a new integration` }))
  const confirming = page.url()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: elsewhere.name }).waitFor()
  expect(await listed(page, '/api/integrations')).toHaveLength(2)

  // Answered: the same address has nothing to ask any more.
  expect((await page.goto(confirming))?.status()).toBe(404)
  await page.getByRole('heading', { name: 'There is nothing to confirm here any more' }).waitFor()
  await expectDrawn(page, 'confirm-ended')

  // Now that it is connected, it is named.
  await reconnectAsAnother(page, integrationId)
  await page.getByRole('button', { name: `Reconnect ${elsewhere.name}` }).click()
  await page.getByRole('heading', { level: 1, name: elsewhere.name }).waitFor()
  expect(await listed(page, '/api/integrations')).toHaveLength(2)
  expect(errors.filter(error => !error.includes('404'))).toEqual([])
})

it('says what it waits for, and why it could not', async () => {
  const { client, integrationId } = await ownerWithoutAuthScope()
  const { page } = await visit({ as: client })
  await open(page, `/integrations/${integrationId}`)
  const held = Promise.withResolvers<null>()
  await page.route('**/api/integrations/*/scopes', async (route) => {
    await held.promise
    await route.fulfill({ status: 503, contentType: 'application/problem+json', json: { type: 'about:blank', title: 'The database is away', status: 503, code: 'unavailable' } })
  })
  await page.getByRole('navigation', { name: 'Integration' }).getByRole('link', { name: 'Configuration' }).click()
  const panel = page.getByRole('region', { name: 'Permissions' })
  await panel.getByRole('status').getByText('Loading').waitFor()
  held.resolve(null)
  await panel.getByRole('alert').filter({ hasText: 'The database is away' }).waitFor()
  await page.unroute('**/api/integrations/*/scopes')
  await panel.getByRole('button', { name: 'Try again' }).click()
  await panel.getByText('1 permission is missing.').waitFor()
})
