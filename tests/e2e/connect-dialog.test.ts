/** Before anybody leaves for a provider: what is asked for, why, and what is never read. */
import { url } from '@nuxt/test-utils/e2e'
import { expect, it } from 'vitest'
import type { Provider } from '#shared/api'
import { ApiClient } from '../support/client.ts'
import { hydrated, open, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { expectDrawn, hasFocus, listed, tabTo } from './steps.ts'

const app = await setupSandbox()

it('tells scope by scope what is asked for, by keyboard alone, and goes on only when one says so', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { page, errors, outside } = await visit({ as: client })
  await open(page, '/integrations')
  const button = page.getByRole('link', { name: 'Connect Supabase' })
  await tabTo(page, button)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Connect Supabase' })
  await dialog.waitFor()
  await hasFocus(dialog.getByRole('heading', { name: 'Connect Supabase' }))

  const supabase = (await listed<Provider>(page, '/api/providers')).find(provider => provider.id === 'supabase')
  const said = await dialog.innerText()
  for (const scope of supabase?.scopes ?? []) {
    expect(said).toContain(scope)
    expect(said).toContain(supabase?.scope_reasons[scope])
  }
  for (const thing of supabase?.never_read ?? []) expect(said).toContain(thing)
  await expectDrawn(page, 'connect-dialog')
  await page.setViewportSize({ width: 1280, height: 800 })

  // The focus stays inside, all around.
  for (let press = 0; press < 6; press++) {
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true)
  }
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await hasFocus(button)
  expect(new URL(page.url()).pathname).toBe('/integrations')

  await button.click()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await hasFocus(button)
  await button.click()
  await dialog.getByRole('link', { name: 'Continue to Supabase' }).click()
  await page.getByRole('heading', { name: 'Authorize AllyShip Integrations' }).waitFor()
  expect({ errors, outside }).toEqual({ errors: [], outside: [] })
})

it('fits a phone and every provider, and says that a role comes next where one does', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { page } = await visit({ as: client, viewport: 'phone' })
  await open(page, '/integrations')
  for (const { name, brand, redirect_uri } of await listed<Provider>(page, '/api/providers')) {
    await page.getByRole('link', { name: brand.connectLabel }).click()
    const dialog = page.getByRole('dialog', { name: `Connect ${name}` })
    await dialog.getByRole('link', { name: redirect_uri === null ? 'Continue' : `Continue to ${name}`, exact: true }).waitFor()
    const box = await dialog.boundingBox()
    expect(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= 390 && box.y + box.height <= 844, name).toBe(true)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'hidden' })
  }
})

it('is a link that leads on by itself, in another tab and without scripts', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { page, context } = await visit({ as: client })
  await open(page, '/')
  const button = page.getByRole('link', { name: 'Connect Supabase' })
  expect(await button.getAttribute('href')).toBe('/api/auth/supabase/login')
  const [tab] = await Promise.all([context.waitForEvent('page'), button.click({ modifiers: ['ControlOrMeta'] })])
  await tab.getByRole('heading', { name: 'Authorize AllyShip Integrations' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
  await hydrated(page)
  expect(page.url()).toBe(url('/'))
})
