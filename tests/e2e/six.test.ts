/** Each provider that the product knows, in a browser: connected at its own page, listed, scanned, and removed with a receipt. */
import { url } from '@nuxt/test-utils/e2e'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { isRole, type Connector } from '#server/connectors/contract'
import { newPerson } from '../support/client.ts'
import { hydrated, open, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { approve, listed, signUp } from './steps.ts'

await setupSandbox()

interface Receipt { integration: { type: string, sandbox: boolean }, tokens: { token: string, outcome: string }[], deleted: { resources: number } }
interface Rehearsed { grants: { account: string }[] }

it('connects and removes every one of them', async () => {
  const { page, errors, outside } = await visit()
  await open(page, '/sign-up')
  await signUp(page, newPerson())
  await page.getByRole('heading', { name: 'Connect your first service' }).waitFor()
  for (const connector of allConnectors()) {
    const id = await connect(page, connector)
    await scanned(page, id, connector)
    await remove(page)
    await honest(page, connector)
  }
  expect({ errors, outside }).toEqual({ errors: [], outside: [] })
}, 240_000)

/** What the receipt says of the tokens is what is so at the provider. */
async function honest(page: Page, { id, name }: Connector): Promise<void> {
  const [receipt] = await listed<Receipt>(page, '/api/receipts')
  expect(receipt, name).toMatchObject({ integration: { type: id, sandbox: true }, deleted: { resources: expect.any(Number) as number } })
  const outcomes = receipt?.tokens.map(token => token.outcome) ?? []
  expect(outcomes.length, name).toBeGreaterThan(0)
  const { grants } = await (await page.request.get(url(`/sandbox/${id}`), { headers: { accept: 'application/json' } })).json() as Rehearsed
  expect(grants.length > 0, `${name}: ${outcomes.join(', ')}`).toBe(!outcomes.some(outcome => outcome === 'revoked'))
}

/** @returns the integration's id */
async function connect(page: Page, connector: Connector): Promise<string> {
  await open(page, '/integrations')
  await page.getByRole('article', { name: connector.name, exact: true }).getByRole('link', { name: connector.brand.connectLabel }).click()
  await page.getByRole('dialog').getByRole('link', { name: /^Continue/ }).click()
  if (!isRole(connector)) {
    await page.getByText(`This is a local stand-in for ${connector.name}.`).waitFor()
    return approve(page)
  }
  await page.getByRole('link', { name: 'Create the role in the sandbox' }).click()
  await page.getByRole('button', { name: 'Create role' }).click()
  await page.getByRole('heading', { name: `Connect ${connector.name}` }).waitFor()
  await hydrated(page)
  await page.getByRole('button', { name: `Connect ${connector.name}` }).click()
  await page.waitForURL(url('/integrations/*'))
  await page.getByRole('heading', { level: 1 }).waitFor()
  await hydrated(page)
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}

async function scanned(page: Page, id: string, { name }: Connector): Promise<void> {
  await page.getByText(/of \d+ verified checks passed/).first().waitFor({ timeout: 30_000 })
  expect((await listed<{ status: string }>(page, `/api/assessments?integration_id=${id}`)).map(one => one.status), `the first scan of ${name}`).toEqual(['completed'])
  const resources = await listed<{ name: string }>(page, `/api/integrations/${id}/resources`)
  expect(resources.length, name).toBeGreaterThan(0)
  await open(page, `/integrations/${id}/configuration`)
  await page.getByText(resources[0]?.name ?? '').first().waitFor()
}

async function remove(page: Page): Promise<void> {
  await open(page, '/settings/integrations')
  await page.getByRole('button', { name: /^Remove / }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Nothing is connected').waitFor()
  await page.getByRole('link', { name: 'Download receipt' }).first().waitFor()
  expect(await listed(page, '/api/integrations')).toEqual([])
}
