/** Removing a connection: without a mouse, and with a provider that does not play along. */
import { afterEach, expect, it } from 'vitest'
import { ApiClient } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { open, picture, setupStack, visit } from '../support/nuxt-e2e.ts'
import { hasFocus, listed, tabTo } from './steps.ts'

const { app, provider } = await setupStack()
afterEach(() => provider.clearFaults())

async function atSettings() {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { integrationId } = await connectAndScan(client)
  provider.calls.splice(0)
  const visitor = await visit({ as: client })
  await open(visitor.page, '/settings/integrations')
  const { page } = visitor
  return { ...visitor, integrationId, remove: page.getByRole('button', { name: /^Remove / }), dialog: page.getByRole('dialog') }
}

const revocations = () => provider.count({ method: 'POST', path: '/v1/oauth/revoke' })

it('says what is deleted and revoked, keeps on Escape and on Cancel, removes on confirmation, all by keyboard', async () => {
  const { page, remove, dialog, integrationId, errors } = await atSettings()
  await tabTo(page, remove)
  await page.keyboard.press('Enter')
  await dialog.waitFor()
  const text = await dialog.innerText()
  for (const told of ['Revoked at Supabase', 'encrypted credentials', 'every assessment', 'every finding', 'resources']) expect(text).toContain(told)
  await picture(page, 'removal-dialog-desktop-light')

  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await hasFocus(remove)

  await page.keyboard.press('Enter')
  await tabTo(page, dialog.getByRole('button', { name: 'Cancel' }), 5)
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await hasFocus(remove)
  expect(revocations()).toBe(0)
  expect(await listed(page, '/api/integrations')).toMatchObject([{ id: integrationId }])

  await page.keyboard.press('Enter')
  await tabTo(page, dialog.getByRole('button', { name: 'Remove' }), 5)
  await page.keyboard.press('Enter')
  await page.getByText('The access was revoked at Supabase.', { exact: true }).waitFor()
  await page.getByText('Nothing is connected').waitFor()
  await hasFocus(page.getByRole('main'))
  expect(revocations()).toBe(1)
  expect(await listed(page, '/api/integrations')).toEqual([])
  expect(await listed(page, '/api/findings')).toEqual([])
  expect(errors).toEqual([])
})

it('warns when the provider did not confirm the revocation, and links to where to do it by hand', async () => {
  provider.fail({ kind: 'server_error', path: '/v1/oauth/revoke' })
  const { page, remove, dialog, errors, outside } = await atSettings()
  await remove.click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  const warning = page.getByRole('alert').filter({ hasText: 'Supabase did not confirm the revocation' })
  await warning.waitFor()
  const link = warning.getByRole('link', { name: 'Revoke it at Supabase' })
  expect(await link.getAttribute('href')).toMatch(/^https:\/\/supabase\.com\/dashboard\//)
  expect(await link.getAttribute('rel')).toContain('noopener')
  await page.getByText('Nothing is connected').waitFor()
  expect(revocations()).toBeGreaterThan(0)
  await picture(page, 'removal-unrevoked-desktop-light')
  await warning.getByRole('button', { name: 'Dismiss' }).click()
  await warning.waitFor({ state: 'detached' })
  expect({ errors, outside }).toEqual({ errors: [], outside: [] })
})

it('says why when the app itself refuses, and keeps the integration', async () => {
  const { page, remove, dialog } = await atSettings()
  await page.route('**/api/integrations/*', route => route.request().method() === 'DELETE' ? route.abort() : route.continue())
  await remove.click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await dialog.getByRole('alert').getByText('Check your connection and try again.').waitFor()
  await page.unroute('**/api/integrations/*')
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Nothing is connected').waitFor()
})
