/** A connection that needs somebody is told on every page, and leads to what to do; the calendar's address is shown once. */
import { expect, it } from 'vitest'
import { seriousViolations, themes } from '../support/browser.ts'
import { ApiClient } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { hydrated, open, picture, setupSandbox, visit } from '../support/nuxt-e2e.ts'

const app = await setupSandbox()

/** What the API says of a connection that died; what it says of the others stays. */
const dead = { state: 'action_required', reason: 'answer_lost', since: '2026-01-01T00:00:00Z', next_action: 'reconnect',
  sentence: 'The app stopped while it renewed this credential, and the provider\'s answer was lost; the provider no longer accepts the old one. Reconnect.' }
const change = { id: '1', from_state: 'healthy', from_reason: 'ok', to_state: 'action_required', reason: 'answer_lost', sentence: dead.sentence, alert: 'action_required', at: '2026-01-01T00:00:00Z' }

it('names what needs attention on the overview, in the menu and on its own page, with the way to reconnect', async () => {
  const owner = new ApiClient(app.url)
  await owner.signUp()
  const { integrationId } = await connectAndScan(owner)
  const name = 'Brightwater Labs'
  for (const viewport of ['desktop', 'phone'] as const) {
    const { page, errors } = await visit({ as: owner, viewport })
    await page.route('**/api/integrations?*', async (route) => {
      const answer = await route.fetch()
      const list = await answer.json() as { data: object[] }
      await route.fulfill({ response: answer, json: { ...list, data: list.data.map(one => ({ ...one, health: dead })) } })
    })
    await page.route('**/api/overview', async (route) => {
      const answer = await route.fetch()
      const overview = await answer.json() as { integrations: object }
      await route.fulfill({ response: answer, json: { ...overview, integrations: { ...overview.integrations, healthy: 0, action_required: 1 } } })
    })
    await page.route('**/api/alerts?*', route => route.fulfill({ json: { data: [{ ...change, integration_id: integrationId, integration_name: name, integration_type: 'x' }], next_cursor: null } }))
    await page.route('**/api/integrations/*/health', route => route.fulfill({ json: { ...dead, last_success_at: '2025-12-31T00:00:00Z', changes: [change],
      forecast: { ends_at: '2030-01-01T00:00:00Z', causes: [
        { cause: 'application_secret_end', at: '2030-01-01T00:00:00Z', certain: true, sentence: 'The client secret of this installation\'s app ends then: the operator has to set a new one before.' },
        { cause: 'idle_limit', at: '2030-06-01T00:00:00Z', certain: false, sentence: 'The provider ends connections that nobody used for that long.' },
        { cause: 'connected_by_left', at: null, certain: false, sentence: 'It was connected by somebody who has left.' }] } } }))

    await open(page, '/settings/organization')
    if (viewport === 'phone') await page.getByRole('button', { name: 'Open the menu' }).click()
    await page.getByRole('navigation', { name: 'Main' }).filter({ visible: true }).getByRole('link', { name: 'Overview' }).click()
    const attention = page.getByRole('region', { name: 'Needs attention' })
    await attention.waitFor()
    expect(await attention.getByRole('link', { name: `Reconnect ${name}` }).getAttribute('href')).toContain(`integration_id=${integrationId}`)
    expect(await page.getByRole('region', { name: 'Changes of health' }).innerText()).toContain('Action required')
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme })
      await page.locator(`html.${theme}`).waitFor()
      await picture(page, `attention-${viewport}-${theme}`)
      expect(await seriousViolations(page)).toEqual([])
    }
    await attention.getByRole('link', { name, exact: true }).click()
    await page.getByRole('region', { name: 'Timeline' }).getByText('Action required').waitFor()
    expect(await page.getByRole('region', { name: 'Forecast' }).getByRole('listitem').allInnerTexts()).toHaveLength(3)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
    await picture(page, `integration-dead-${viewport}-dark`)
    expect(await seriousViolations(page)).toEqual([])
    expect(errors).toEqual([])
  }
})

it('makes a calendar address that works, shows it once, and revokes it', async () => {
  const owner = new ApiClient(app.url)
  await owner.signUp()
  const { page } = await visit({ as: owner })
  await open(page, '/settings/calendar')
  await page.getByRole('button', { name: 'Make a calendar address' }).click()
  const field = page.getByLabel('calendar address', { exact: true })
  await field.waitFor()
  const address = await field.inputValue()
  await picture(page, 'calendar-made-desktop-light')
  expect(await seriousViolations(page)).toEqual([])
  const read = async () => (await new ApiClient(app.url).get(new URL(address).pathname)).status
  expect(await read()).toBe(200)

  await page.reload()
  await hydrated(page)
  await page.getByText('Last read by a calendar').waitFor()
  expect(await field.count()).toBe(0)
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByRole('button', { name: 'Make a calendar address' }).waitFor()
  expect(await read()).toBe(404)
})
