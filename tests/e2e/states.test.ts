/** What a page draws while it waits, and when the server fails: never nothing, and always a way on. */
import { beforeAll, describe, expect, it } from 'vitest'
import { seriousViolations } from '../support/browser.ts'
import { ApiClient, expectStatus } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { open, picture, setupSandbox, visit } from '../support/nuxt-e2e.ts'

const app = await setupSandbox()
const owner = new ApiClient(app.url)
let integrationId = ''
beforeAll(async () => {
  await owner.signUp()
  const { integrationId: removed } = await connectAndScan(owner)
  expectStatus(await owner.delete(`/api/integrations/${removed}`), 204)
  ;({ integrationId } = await connectAndScan(owner))
})

/** From a page that needs none of it, by a click: the page is then drawn by the browser alone. */
const elsewhere = () => '/settings/organization'
const integration = (tab = '') => () => `/integrations/${integrationId}${tab}`
const reads = [
  { page: 'overview', from: elsewhere, nav: 'Main', click: 'Overview', api: '**/api/overview', drawn: 'verified checks passed' },
  { page: 'integrations', from: elsewhere, nav: 'Main', click: 'Integrations', api: '**/api/integrations?*', drawn: 'Brightwater Labs' },
  { page: 'integrations in the settings', from: elsewhere, nav: 'Settings', click: 'Integrations', api: '**/api/integrations?*', drawn: 'Brightwater Labs' },
  { page: 'findings', from: elsewhere, nav: 'Main', click: 'Findings', api: '**/api/findings?*', drawn: 'Row level security is off' },
  { page: 'members', from: elsewhere, nav: 'Settings', click: 'Members', api: '**/api/members?*', drawn: 'Member since' },
  { page: 'removed integrations', from: elsewhere, nav: 'Settings', click: 'Removed', api: '**/api/receipts?*', drawn: 'Deleted: ' },
  { page: 'calendar', from: elsewhere, nav: 'Settings', click: 'Calendar', api: '**/api/calendar', drawn: 'There is none yet' },
  { page: 'health', from: integration('/history'), nav: 'Integration', click: 'Health', api: '**/api/integrations/*/health', drawn: 'Forecast' },
  { page: 'audit log', from: elsewhere, nav: 'Settings', click: 'Audit log', api: '**/api/audit?*', drawn: 'Integration connected' },
  { page: 'results', from: integration('/history'), nav: 'Integration', click: 'Results', api: '**/api/assessments*/*', drawn: 'Row level security policies really restrict rows' },
  { page: 'resources', from: integration('/history'), nav: 'Integration', click: 'Configuration', api: '**/api/integrations/*/resources?*', drawn: 'brightwater-staging' },
]

describe('a read of the page', () => {
  it.each(reads)('$page says that it loads, then why it could not, and comes back on a second try', async ({ page: name, from, nav, click, api, drawn }) => {
    const { page } = await visit({ as: owner })
    await open(page, from())
    const held = Promise.withResolvers<null>()
    await page.route(api, async (route) => {
      await held.promise
      await route.fulfill({
        status: 503, contentType: 'application/problem+json',
        json: { type: 'about:blank', title: 'The database is away', status: 503, detail: 'Try again in a minute.', code: 'unavailable' },
      })
    })
    const main = page.getByRole('main')
    await page.getByRole('navigation', { name: nav, exact: true }).getByRole('link', { name: click, exact: true }).filter({ visible: true }).click()
    await main.getByRole('status').getByText('Loading').first().waitFor()
    expect(await main.getByText(drawn).count()).toBe(0)

    held.resolve(null)
    const alert = main.getByRole('alert').filter({ hasText: 'The database is away' }).first()
    await alert.waitFor()
    expect(await alert.innerText()).toContain('Try again in a minute.')
    await expect.poll(() => main.getByRole('status').filter({ hasText: 'Loading' }).count(), { message: 'nothing loads for ever' }).toBe(0)
    expect(await seriousViolations(page)).toEqual([])
    await picture(page, `failed-${name.replaceAll(' ', '-')}-desktop-light`)

    await page.unroute(api)
    await alert.getByRole('button', { name: 'Try again' }).click()
    await main.getByText(drawn).first().waitFor()
    await alert.waitFor({ state: 'detached' })
  })
})

it('what is not there, or is another organization\'s, is a page with a way back and a 404', async () => {
  const stranger = new ApiClient(app.url)
  await stranger.signUp()
  const { page } = await visit({ as: stranger })
  for (const path of ['/nowhere', integration()(), '/integrations/not-an-id']) {
    const answer = await page.goto(path)
    expect([path, answer?.status()]).toEqual([path, 404])
    await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor()
    expect(await seriousViolations(page)).toEqual([])
  }
  await picture(page, 'not-found-desktop-light')
  await page.getByRole('button', { name: 'Go to the overview' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
})

it('a session that ended leads to the sign-in page, and back to where one was', async () => {
  const { page, context } = await visit({ as: owner })
  await open(page, '/settings/organization')
  await context.clearCookies()
  await page.getByRole('link', { name: 'Members' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(new URL(page.url()).searchParams.get('returnTo')).toBe('/settings/members')
})
