/** Every page, on a phone and on a desktop, in both themes: for everybody, and quiet. */
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { overflow, seriousViolations, themes, viewports } from '../support/browser.ts'
import { ApiClient, expectStatus } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { open, picture, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { frames, pageFiles, places, type Place, type Who } from './pages.ts'
import { tabTo } from './steps.ts'

const app = await setupSandbox()
const people: Record<Who, ApiClient> = { nobody: new ApiClient(app.url), newcomer: new ApiClient(app.url), owner: new ApiClient(app.url) }
let integrationId = ''

beforeAll(async () => {
  await people.newcomer.signUp()
  await people.owner.signUp()
  const { integrationId: removed } = await connectAndScan(people.owner)
  expectStatus(await people.owner.delete(`/api/integrations/${removed}`), 204)
  ;({ integrationId } = await connectAndScan(people.owner))
  expectStatus(await people.owner.post('/api/invitations', { email: 'a.colleague.with.a.long.name@subsidiary.example.com', role: 'admin' }), 201)
})

const seenBy = (who: Who) => Object.values(places).flat().filter(place => (place.as ?? 'owner') === who)

it('every page has a place in the table', () => {
  expect([...Object.keys(places), ...frames].sort(), 'To fix: add the page to tests/e2e/pages.ts').toEqual(pageFiles())
})

describe.each(Object.keys(viewports) as (keyof typeof viewports)[])('on a %s, light and dark', (viewport) => {
  it.each(Object.keys(people) as Who[])('what %s sees is accessible, fits, works without a mouse and asks nobody else', async (who) => {
    const { page, errors, outside } = await visit({ viewport, as: people[who] })
    const faults: Record<string, string[]> = {}
    for (const place of seenBy(who)) {
      await open(page, place.path(integrationId))
      await place.drawn(page).waitFor()
      const found: string[] = []
      for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme })
        await page.locator(`html.${theme}`).waitFor()
        await picture(page, `${place.name}-${viewport}-${theme}`)
        found.push(...(await seriousViolations(page, { coloursOnly: theme === 'dark' })).map(violation => `${theme}: ${violation}`))
      }
      const wider = await overflow(page)
      if (wider) found.push(`${wider} pixels wider than the window`)
      found.push(...await outOfReach(page, place), ...errors.splice(0).filter(error => !(place.gone && error.includes('status of 404'))), ...outside.splice(0))
      if (found.length) faults[place.name] = found
    }
    expect(faults).toEqual({})
  })
})

/** Actions that one walk through the page with Tab does not come to. */
async function outOfReach(page: Page, place: Place): Promise<string[]> {
  const left = await Promise.all((place.actions?.(page) ?? []).map(async action => ({ name: action.toString(), element: await action.elementHandle() })))
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  for (let press = 0; press < 80 && left.length; press++) {
    await page.keyboard.press('Tab')
    const reached = await page.evaluate(elements => elements.findIndex(element => element === document.activeElement), left.map(action => action.element))
    if (reached >= 0) left.splice(reached, 1)
  }
  return left.map(action => `Tab does not reach ${action.name}`)
}

it('the first Tab is a link that skips to the content', async () => {
  const { page } = await visit({ as: people.owner })
  await open(page, '/findings')
  await page.keyboard.press('Tab')
  const skip = page.getByRole('link', { name: 'Skip to the content' })
  expect(await skip.evaluate(element => element === document.activeElement)).toBe(true)
  expect((await skip.boundingBox())?.height, 'it shows while it has the focus').toBeGreaterThan(20)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByLabel('Status'), 1)
})

it('the menu of a phone opens, closes on Escape and after a choice', async () => {
  const { page } = await visit({ as: people.owner, viewport: 'phone' })
  await open(page, '/')
  const menu = page.getByRole('navigation', { name: 'Main' }).filter({ visible: true })
  const opener = page.getByRole('button', { name: 'Open the menu' })
  await opener.focus()
  await page.keyboard.press('Enter')
  await menu.waitFor()
  expect(await seriousViolations(page)).toEqual([])
  await picture(page, 'menu-phone-light')
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await opener.click()
  await menu.getByRole('link', { name: 'Findings' }).click()
  await page.getByRole('heading', { level: 1, name: 'Findings' }).waitFor()
  await menu.waitFor({ state: 'detached' })
})
