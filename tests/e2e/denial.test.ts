/** Saying no is a normal way to end. */
import { expect, it } from 'vitest'
import { callbackErrors } from '#shared/callback-errors'
import { ApiClient } from '../support/client.ts'
import { open, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { expectCallbackError, listed, startConnecting } from './steps.ts'

const app = await setupSandbox()

it('denial says so with a next step, takes the focus and connects nothing', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { page, errors } = await visit({ as: client })
  await open(page, '/integrations')
  await startConnecting(page)
  await page.getByRole('button', { name: 'Deny' }).click()

  await expectCallbackError(page, 'access_denied', callbackErrors.access_denied)
  await page.getByText('Nothing is connected yet').waitFor()
  expect(await listed(page, '/api/integrations')).toEqual([])

  await page.getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('alert').waitFor({ state: 'detached' })
  expect(page.url(), 'a reload does not tell the old story again').toBe(`${app.url}/integrations`)

  await startConnecting(page)
  expect(errors).toEqual([])
})
