/** A scan that waits for its provider: the integration's page says why nothing moves, and until when. */
import { expect, it } from 'vitest'
import { ApiClient, expectStatus } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { open, setupStack, visit } from '../support/nuxt-e2e.ts'
import { expectDrawn, progressBar } from './steps.ts'

const { app, provider } = await setupStack()

it('says that the provider\'s limit is used up, and when the scan goes on', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { integrationId } = await connectAndScan(client)
  provider.fail({ kind: 'rate_limited', path: /\/ssl-enforcement$/, retryAfterSeconds: 3_600 })
  expectStatus(await client.post(`/api/integrations/${integrationId}/scan`), 202)

  const { page } = await visit({ as: client })
  await open(page, `/integrations/${integrationId}`)
  await page.getByText(/^Paused: the provider's limit is used up\. Goes on at .*\d\d:\d\d\.$/).waitFor()
  expect(await progressBar(page).getAttribute('aria-valuetext')).toMatch(/^\d+ of 34 checks, paused$/)
  await expectDrawn(page, 'paused')
})
