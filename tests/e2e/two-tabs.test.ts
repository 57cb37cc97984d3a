import { expect, it } from 'vitest'
import { ApiClient } from '../support/client.ts'
import { open, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { approve, listed, startConnecting } from './steps.ts'

const app = await setupSandbox()

it('two tabs start connecting at once, and both finish', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { page: first, context, errors } = await visit({ as: client })
  const second = await context.newPage()
  const tabs = [first, second]
  for (const tab of tabs) await open(tab, '/integrations')
  await Promise.all(tabs.map(startConnecting))
  expect(new Set(tabs.map(tab => new URL(tab.url()).searchParams.get('state'))), 'each has a flow of its own').toHaveLength(2)

  const ids = await Promise.all(tabs.map(approve))
  expect(new Set(ids), 'the same account is one integration').toHaveLength(1)
  for (const tab of tabs) await tab.getByRole('heading', { name: 'Evidence' }).first().waitFor()
  expect(await listed(first, '/api/integrations')).toHaveLength(1)
  expect((await context.cookies()).filter(cookie => cookie.name.startsWith('connect_')), 'no flow is left open').toEqual([])
  expect(errors).toEqual([])
})
