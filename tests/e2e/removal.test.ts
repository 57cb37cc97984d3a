/** Removing a connection: without a mouse, and with a provider that does not play along. */
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterEach, expect, it } from 'vitest'
import { runNode } from '../support/child.ts'
import { ApiClient } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { open, picture, setupStack, visit } from '../support/nuxt-e2e.ts'
import { hasFocus, listed, tabTo } from './steps.ts'

const { app, provider, backend } = await setupStack()
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

/** The file that the link gives is a receipt that verifies. */
async function takesReceipt(page: Page, link: Locator): Promise<void> {
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  expect(download.suggestedFilename()).toMatch(/^disconnect-receipt-.*\.json$/)
  await expectGenuine(await download.path())
}

async function expectGenuine(file: string): Promise<void> {
  const keyFile = { DATA_DIR: app.dataDir, ...(backend.supabase ? backend.env : {}) }
  const { code, output } = await runNode([join(import.meta.dirname, '../../scripts/verify-receipt.ts'), file], keyFile)
  expect([code, output]).toEqual([0, expect.stringContaining('is genuine')])
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
  await takesReceipt(page, page.getByRole('link', { name: 'Download receipt' }))
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
  await takesReceipt(page, warning.getByRole('link', { name: 'Download receipt' }))
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

it('lists what was removed, with what became of each token', async () => {
  provider.fail({ kind: 'server_error', path: '/v1/oauth/revoke' })
  const { page, remove, dialog, errors } = await atSettings()
  await remove.click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('alert').filter({ hasText: 'did not confirm' }).waitFor()
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Removed' }).click()
  const row = page.getByRole('region', { name: 'Removed integrations' }).getByRole('listitem').first()
  await row.waitFor()
  const text = await row.innerText()
  for (const told of ['Access token', 'Refresh token', 'Not revoked', 'the provider failed (3 attempts)', 'Deleted: ', 'Revoke it at Supabase']) expect(text).toContain(told)
  await takesReceipt(page, row.getByRole('link', { name: /^Download receipt of/ }))
  expect(errors).toEqual([])
})

it('deletes the organization when its name is typed, by keyboard, and hands its receipts out', async () => {
  const { page, remove, dialog, errors } = await atSettings()
  await remove.waitFor()
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Organization' }).click()
  const opener = page.getByRole('button', { name: /^Delete / })
  const name = (await opener.innerText()).replace('Delete ', '')
  await tabTo(page, opener)
  await page.keyboard.press('Enter')
  const confirm = dialog.getByRole('button', { name: 'Delete organization' })
  await dialog.waitFor()
  expect(await confirm.isDisabled()).toBe(true)
  await picture(page, 'organization-end-desktop-light')
  await tabTo(page, dialog.getByLabel(/^Type .* to confirm$/), 5)
  await page.keyboard.type('something else')
  await page.keyboard.press('Enter')
  expect(await confirm.isDisabled()).toBe(true)
  await dialog.getByLabel(/^Type .* to confirm$/).fill(name)
  await page.keyboard.press('Enter')

  const ended = page.getByRole('region', { name: `${name} was deleted` })
  await ended.waitFor()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('You belong to no organization').waitFor()
  await picture(page, 'organization-ended-desktop-light')
  expect(revocations()).toBe(1)
  const [download] = await Promise.all([page.waitForEvent('download'), ended.getByRole('button', { name: 'Download receipt' }).click()])
  expect(download.suggestedFilename()).toMatch(/^disconnect-receipts-.*\.json$/)
  await expectGenuine(await download.path())
  await ended.getByRole('button', { name: 'Dismiss' }).click()
  await ended.waitFor({ state: 'detached' })
  expect(errors).toEqual([])
})
