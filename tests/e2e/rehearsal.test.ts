/** The control page, and what the application makes of what is rehearsed there. */
import { url } from '@nuxt/test-utils/e2e'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { overflow, seriousViolations, themes, viewports } from '../support/browser.ts'
import { ApiClient } from '../support/client.ts'
import { settled } from '../support/company.ts'
import { hydrated, open, picture, setupSandbox, visit } from '../support/nuxt-e2e.ts'

const app = await setupSandbox()

/** Connected and scanned, and at the control page by the mark that the integration wears. */
async function atControlOf(provider: string, name: string) {
  const client = new ApiClient(app.url)
  await client.signUp()
  const integrationId = (await client.connect(provider)).split('/').at(-1) ?? ''
  await settled(client, integrationId)
  const visitor = await visit({ as: client })
  await open(visitor.page, `/integrations/${integrationId}`)
  await visitor.page.getByRole('link', { name: `Sandbox: rehearse faults of ${name}` }).click()
  await visitor.page.getByRole('heading', { name: `Rehearse faults of ${name}` }).waitFor()
  return { ...visitor, client, integrationId }
}

async function expectDrawn(page: Page, name: string): Promise<void> {
  for (const [viewport, size] of Object.entries(viewports)) {
    await page.setViewportSize(size)
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme })
      expect(await seriousViolations(page), `${name} ${viewport} ${colorScheme}`).toEqual([])
      await picture(page, `${name}-${viewport}-${colorScheme}`)
    }
    expect(await overflow(page), `${name} on a ${viewport}`).toBe(0)
  }
  await page.setViewportSize(viewports.desktop)
  await page.emulateMedia({ colorScheme: 'light' })
}

it('rehearses an uninstallation: the application is told by webhook and asks for a reconnect', async () => {
  const { page, integrationId, errors, outside } = await atControlOf('slack', 'Slack')
  await page.getByRole('button', { name: /^Uninstall, and tell by webhook: / }).click()
  await page.getByText('Done, and the application was told: it answered 202.').waitFor()
  await page.getByText('Nobody has granted anything yet.').waitFor()

  await expect.poll(async () => {
    const { health } = await (await page.request.get(url(`/api/integrations/${integrationId}`))).json() as { health: { reason: string } }
    return health.reason
  }).toBe('uninstalled')
  await page.getByRole('link', { name: 'Back to the application' }).click()
  await hydrated(page)
  await open(page, `/integrations/${integrationId}`)
  await page.getByText('The provider says that the app was removed there. Reconnect.').waitFor()
  await page.getByRole('link', { name: /^Reconnect/ }).first().waitFor()
  await picture(page, 'rehearsal-uninstalled-desktop-light')
  expect({ errors, outside }).toEqual({ errors: [], outside: [] })
})

it('rehearses a rate limit: the scan waits for its end, and the page says so', async () => {
  const { page, integrationId, errors, outside } = await atControlOf('github', 'GitHub')
  await page.getByLabel('What').selectOption({ label: 'Rate limit' })
  await page.getByLabel('Where').selectOption({ label: 'at the API' })
  await page.getByLabel(/^Number/).fill('3600')
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByText('Rate limit (3600 s) at the API, until it is switched off').waitFor()
  await page.getByText('What each of them does').click()
  await expectDrawn(page, 'rehearsal')
  await page.getByRole('link', { name: 'All providers' }).click()
  await page.getByRole('heading', { name: 'Rehearse what can go wrong' }).waitFor()
  await expectDrawn(page, 'rehearsal-index')

  await open(page, `/integrations/${integrationId}`)
  await page.getByText('Sandbox · a fault is on').waitFor()
  await page.getByRole('button', { name: 'Scan now' }).click()
  await page.getByText(/^Paused: the provider's limit is used up\./).waitFor()
  await picture(page, 'rehearsal-limited-desktop-light')

  await open(page, '/integrations')
  await page.getByRole('link', { name: 'Sandbox, a fault is on: rehearse faults of GitHub' }).first().click()
  await page.getByRole('button', { name: 'Switch off: Rate limit' }).click()
  await page.getByText('None: it behaves.').waitFor()
  expect({ errors, outside }).toEqual({ errors: [], outside: [] })
})
