/** Connecting by a role: a role that opens too far is refused with what to put right, and a good one is connected. */
import { url } from '@nuxt/test-utils/e2e'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { callbackErrors } from '#shared/callback-errors'
import { ApiClient } from '../support/client.ts'
import { hydrated, open, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { expectDrawn, listed } from './steps.ts'

const app = await setupSandbox()

/** On the stand-in's page, from the guide and back to it. */
async function makeRole(page: Page, way?: string): Promise<void> {
  await page.getByRole('link', { name: 'Create the role in the sandbox' }).click()
  if (way) await page.getByLabel(way).check()
  await page.getByRole('button', { name: 'Create role' }).click()
  await page.getByRole('heading', { name: 'Connect AWS' }).waitFor()
  await hydrated(page)
}

it('shows what to make, says what is wrong with it, and connects it once it is right', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { page } = await visit({ as: client })
  await open(page, '/integrations')
  await page.getByRole('link', { name: 'Connect AWS' }).click()
  await page.getByRole('dialog', { name: 'Connect AWS' }).getByRole('link', { name: 'Continue' }).click()
  await page.getByRole('heading', { level: 1, name: 'Connect AWS' }).waitFor()
  await hydrated(page)
  const externalId = await page.getByLabel('external id', { exact: true }).inputValue()
  expect(await page.getByRole('region', { name: 'trust policy' }).innerText()).toContain(externalId)

  await makeRole(page, 'Without the condition on the external id')
  // The same start, and the role's ARN came along.
  expect(await page.getByLabel('external id', { exact: true }).inputValue()).toBe(externalId)
  await page.getByRole('button', { name: 'Connect AWS' }).click()
  const alert = page.getByRole('alert')
  await alert.waitFor()
  expect(await alert.innerText()).toContain(callbackErrors.role_opens_without_id.title)
  expect(await listed(page, '/api/integrations')).toEqual([])
  await expectDrawn(page, 'role-refused')

  await makeRole(page)
  await page.getByText('Regions to check (1)').click()
  await page.getByLabel('Europe (Ireland)').check()
  await page.getByRole('button', { name: 'Connect AWS' }).click()
  await page.waitForURL(url('/integrations/*'))
  await page.getByRole('heading', { name: 'brightwater-production' }).waitFor()
  expect(await listed(page, '/api/integrations')).toHaveLength(1)
})
