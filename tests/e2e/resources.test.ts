/** An account with hundreds of projects: looked for, switched many at once, and new ones that wait for a word. */
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import type { Integration, Resource } from '#shared/api'
import type { ApiClient } from '../support/client.ts'
import { expectStatus } from '../support/client.ts'
import { connectAndScan, settled } from '../support/company.ts'
import { open, setupStack, visit } from '../support/nuxt-e2e.ts'
import { expectDrawn, listed, tabTo } from './steps.ts'

const stack = await setupStack()
const NEW = 238
let owner: ApiClient
let id: string

beforeAll(async () => {
  owner = await stack.person()
  ;({ integrationId: id } = await connectAndScan(owner))
  // What is listed matters here, not what is checked.
  expectStatus(await owner.patch(`/api/integrations/${id}`, { enabled_checks: [], scan_new_resources: false }), 200)
  stack.provider.fail({ kind: async (_request, pass) => {
    const all: { ref: string }[] = await (await pass()).json()
    const more = Array.from({ length: NEW }, (_, n) => `service${String(n).padStart(3, '0')}${'x'.repeat(10)}`)
    return Response.json([...all, ...more.map(ref => ({ ...all[0], id: ref, ref, name: ref }))])
  }, path: /^\/v1\/projects$/ })
  await owner.connect()
  await settled(owner, id)
})

const panel = (page: Page) => page.getByRole('region', { name: 'Resources' })
const told = (page: Page, text: string | RegExp) => panel(page).getByRole('status').filter({ hasText: text }).waitFor()
const total = NEW + 2

it('is found, switched and read on by keyboard, with its numbers told', async () => {
  const { page, errors, outside } = await visit({ as: owner })
  await open(page, `/integrations/${id}/configuration`)
  await told(page, `${total} resources, 2 on`)
  await told(page, `${NEW} new, not scanned.`)
  const rows = panel(page).getByRole('listitem')
  expect(await rows.count()).toBe(20)
  await panel(page).getByRole('button', { name: 'Load more' }).click()
  await expect.poll(() => rows.count()).toBe(40)
  await expectDrawn(page, 'resources-many')
  await page.setViewportSize({ width: 1280, height: 800 })

  const search = panel(page).getByRole('searchbox', { name: 'Search resources' })
  await tabTo(page, search, 150)
  await page.keyboard.type('SERVICE01')
  await told(page, `10 of ${total} resources match`)
  expect(await rows.count()).toBe(10)
  await expectDrawn(page, 'resources-found')
  await page.setViewportSize({ width: 1280, height: 800 })

  await panel(page).getByRole('button', { name: 'Switch all 10 on' }).click()
  await page.getByRole('dialog', { name: 'Switch all 10 that match on?' }).getByRole('button', { name: 'Switch on' }).click()
  await page.getByText('10 resources switched on').first().waitFor()
  await told(page, `${NEW - 10} new, not scanned.`)
  await panel(page).getByRole('switch', { name: /^Scan service010/ }).click()
  await panel(page).getByRole('button', { name: /^On 11/ }).waitFor()
  expect((await listed<Resource>(page, `/api/integrations/${id}/resources?enabled=true`)).length).toBe(11)

  await panel(page).getByRole('button', { name: /^Off/ }).click()
  await told(page, `1 of ${total} resources match`)
  await search.fill('nobody has this')
  await told(page, `0 of ${total} resources match`)
  await panel(page).getByText('No resource matches').waitFor()
  await panel(page).getByRole('button', { name: 'Show all' }).click()
  await told(page, `${total} resources, 11 on`)
  expect(await search.inputValue()).toBe('')
  expect({ errors, outside }).toEqual({ errors: [], outside: [] })
})

it('says that nothing matches, why a search failed, and goes on when it is asked again', async () => {
  const { page } = await visit({ as: owner })
  await open(page, `/integrations/${id}/configuration`)
  await panel(page).getByRole('searchbox').fill('nobody has this')
  await panel(page).getByText('No resource matches').waitFor()
  await expectDrawn(page, 'resources-none')
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.route('**/resources?*', route => route.fulfill({
    status: 503, contentType: 'application/problem+json',
    json: { type: 'about:blank', title: 'The database is away', status: 503, detail: 'Try again in a minute.', code: 'unavailable' },
  }))
  await panel(page).getByRole('searchbox').fill('service02')
  const alert = panel(page).getByRole('alert').filter({ hasText: 'The database is away' })
  await alert.waitFor()
  await page.unroute('**/resources?*')
  await alert.getByRole('button', { name: 'Try again' }).click()
  await told(page, `10 of ${total} resources match`)
})

it('new ones wait until somebody chooses, and are scanned by themselves when one says so', async () => {
  const { page } = await visit({ as: owner })
  await open(page, `/integrations/${id}/configuration`)
  const byThemselves = panel(page).getByRole('switch', { name: 'New resources are scanned by themselves' })
  expect(await byThemselves.getAttribute('aria-checked')).toBe('false')
  await panel(page).getByRole('button', { name: 'Show them' }).click()
  await told(page, /^\d+ of \d+ resources match$/)
  await panel(page).getByText('New', { exact: true }).first().waitFor()
  await panel(page).getByRole('button', { name: 'Leave them off' }).click()
  await page.getByText(/new resources left off/).first().waitFor()
  await panel(page).getByText('new, not scanned').waitFor({ state: 'detached' })

  await page.route(`**/api/integrations/${id}`, route => route.request().method() === 'PATCH'
    ? route.fulfill({ status: 503, contentType: 'application/problem+json', json: { type: 'about:blank', title: 'The database is away', status: 503, code: 'unavailable' } })
    : route.fallback())
  await byThemselves.click()
  await page.getByText('The database is away').first().waitFor()
  await expect.poll(() => byThemselves.getAttribute('aria-checked')).toBe('false')
  await page.unroute(`**/api/integrations/${id}`)
  const saved = page.waitForResponse(response => response.request().method() === 'PATCH' && response.ok())
  await byThemselves.click()
  await saved
  expect(expectStatus(await owner.get<Integration>(`/api/integrations/${id}`), 200).scan_new_resources).toBe(true)
})

it('what the provider no longer lists leaves findings that say so, and not that anybody fixed them', async () => {
  stack.provider.fail({ kind: async (_request, pass) => {
    const all: { ref: string }[] = await (await pass()).json()
    return Response.json(all.slice(0, 1))
  }, path: /^\/v1\/projects$/ })
  await owner.connect()
  const { page } = await visit({ as: owner })
  await open(page, `/findings?status=resolved&integration=${id}`)
  const gone = page.getByRole('listitem').filter({ hasText: 'Gone' })
  await gone.first().locator('summary').click()
  await gone.first().getByText('Nobody has fixed anything').waitFor()
  expect(await page.getByText('Fixed', { exact: true }).count()).toBe(0)
  await expectDrawn(page, 'findings-gone')
  await page.setViewportSize({ width: 1280, height: 800 })
  await open(page, `/integrations/${id}/configuration`)
  await panel(page).getByRole('button', { name: `No longer visible ${total - 1}` }).click()
  await told(page, `${total - 1} of ${total} resources match`)
})
