/** An integration page at work: a scan that moves, settings that are kept or rolled back, and a grant that died. */
import { afterEach, describe, expect, it } from 'vitest'
import { ApiClient } from '../support/client.ts'
import { connectAndScan, settled } from '../support/company.ts'
import { newGate } from '../support/gate.ts'
import { open, picture, setupStack, visit } from '../support/nuxt-e2e.ts'
import { approve, listed, progressBar, startConnecting } from './steps.ts'

const { app, provider } = await setupStack()
const gates: ReturnType<typeof newGate>[] = []
afterEach(() => {
  for (const gate of gates.splice(0)) gate.open()
  provider.clearFaults()
})

/** Calls that a check makes, and connecting does not, wait here. */
function hold(path: RegExp) {
  const gate = newGate()
  gates.push(gate)
  provider.fail({ kind: gate.respond, path })
  return gate
}
const everyCheck = /^\/v1\/projects\/[^/]+\//
const oneCheck = /\/ssl-enforcement$/

async function newOwner() {
  const client = new ApiClient(app.url)
  await client.signUp()
  return { client, ...await visit({ as: client, origins: [provider.url] }) }
}

async function newIntegration(path = '') {
  const owner = await newOwner()
  const { integrationId } = await connectAndScan(owner.client)
  await open(owner.page, `/integrations/${integrationId}${path}`)
  return { ...owner, integrationId }
}

describe('a running assessment', () => {
  it('shows a bar that moves right after connecting, and the findings at its end', async () => {
    const last = hold(oneCheck)
    const others = hold(everyCheck)
    const { page, errors } = await newOwner()
    await open(page, '/integrations')
    await startConnecting(page)
    await approve(page)
    const bar = progressBar(page)
    await bar.waitFor()
    await picture(page, 'progress-desktop-light')

    others.open()
    provider.clearFaults()
    provider.fail({ kind: last.respond, path: oneCheck })
    const value = async () => Number(await bar.getAttribute('aria-valuenow'))
    await expect.poll(value).toBeGreaterThan(0)
    expect(await value()).toBeLessThan(100)
    await page.getByText(/^\d+ of \d+ checks$/).waitFor()

    last.open()
    await bar.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Evidence' }).first().waitFor()
    const lastScan = page.getByRole('region', { name: 'Scans' }).getByText('Last scan', { exact: true }).locator('xpath=following-sibling::dd')
    await expect.poll(() => lastScan.innerText()).toBe('just now')
    expect(errors).toEqual([])
  })

  it('is shown to a second tab that asks for another one, without an alarm', async () => {
    const { page: first, context, client, integrationId } = await newIntegration()
    const second = await context.newPage()
    await open(second, `/integrations/${integrationId}`)
    const gate = hold(everyCheck)
    // Whatever makes it look again: it does not learn of the scan before it has asked for one.
    const refused = second.waitForResponse(response => response.url().endsWith('/scan'))
    await second.route('**/api/**', async (route) => {
      if (route.request().method() === 'GET') await refused
      await route.continue()
    })
    await first.getByRole('button', { name: 'Scan now' }).click()
    await progressBar(first).waitFor()
    expect(await first.getByRole('button', { name: 'Scan now' }).isDisabled()).toBe(true)

    await second.getByRole('button', { name: 'Scan now' }).click()
    expect((await refused).status()).toBe(409)
    await progressBar(second).waitFor()
    expect(await second.getByRole('alert').count()).toBe(0)

    gate.open()
    for (const tab of [first, second]) await progressBar(tab).waitFor({ state: 'detached' })
    expect(await settled(client, integrationId)).toHaveLength(2)
  })
})

describe('the configuration', () => {
  it('takes a schedule from a preset and by hand, and says what is wrong with a bad one', async () => {
    const { page, integrationId } = await newIntegration('/configuration')
    const panel = page.getByRole('region', { name: 'Schedule' })
    const field = panel.getByLabel('Schedule as cron')
    const save = panel.getByRole('button', { name: 'Save schedule' })
    expect(await save.isDisabled(), 'there is nothing to save yet').toBe(true)
    await panel.getByRole('button', { name: 'Every hour' }).click()
    await save.click()
    await page.getByText('Schedule saved').first().waitFor()
    expect(await listed(page, '/api/integrations')).toMatchObject([{ id: integrationId, scan_schedule: '0 * * * *' }])

    await field.fill('every now and then')
    await save.click()
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    const message = page.locator(`[id="${(await field.getAttribute('aria-describedby'))?.split(' ')[0]}"]`)
    expect((await message.innerText()).length).toBeGreaterThan(10)
    expect(await listed(page, '/api/integrations')).toMatchObject([{ scan_schedule: '0 * * * *' }])

    await field.fill('30 4 * * 1')
    await save.click()
    await panel.getByText(/04:30/).waitFor()
    await open(page, `/integrations/${integrationId}/configuration`)
    expect(await field.inputValue()).toBe('30 4 * * 1')
  })

  it('keeps which checks are on, one by one and by category', async () => {
    const { page, integrationId } = await newIntegration('/configuration')
    const group = page.getByRole('group', { name: 'Network' })
    const all = group.getByRole('switch').first()
    const one = group.getByRole('switch', { name: 'Postgres refuses connections in clear text' })
    const total = await group.getByRole('switch').count() - 1
    const saved = () => page.waitForResponse(response => response.request().method() === 'PATCH' && response.ok())

    let done = saved()
    await one.click()
    await done
    await group.getByText(`${total - 1} of ${total}`).waitFor()
    expect(await all.getAttribute('aria-checked')).toBe('false')
    await open(page, `/integrations/${integrationId}/configuration`)
    expect(await one.getAttribute('aria-checked')).toBe('false')

    done = saved()
    await all.click()
    await done
    await group.getByText(`${total} of ${total}`).waitFor()
    await open(page, `/integrations/${integrationId}/configuration`)
    expect(await one.getAttribute('aria-checked')).toBe('true')
  })

  it('takes a switch back when the server refuses, and says why', async () => {
    const { page, integrationId } = await newIntegration('/configuration')
    await page.waitForLoadState('networkidle') // nothing that was asked before may take the switch back
    const resource = page.getByRole('region', { name: 'Resources' }).getByRole('switch', { name: /^Scan / }).first()
    await page.route('**/resources/*', route => route.fulfill({
      status: 503, contentType: 'application/problem+json',
      json: { type: 'about:blank', title: 'The database is away', status: 503, detail: 'Try again in a minute.', code: 'unavailable' },
    }))
    await resource.click()
    await page.getByText('The database is away').first().waitFor()
    await expect.poll(() => resource.getAttribute('aria-checked')).toBe('true')
    await picture(page, 'refused-switch-desktop-light')

    await page.unroute('**/resources/*')
    const done = page.waitForResponse(response => response.request().method() === 'PATCH' && response.ok())
    await resource.click()
    await done
    expect((await listed<{ enabled: boolean }>(page, `/api/integrations/${integrationId}/resources`)).filter(one => !one.enabled)).toHaveLength(1)
    expect(await resource.getAttribute('aria-checked')).toBe('false')
  })
})

it('a grant that died is told with its findings kept, and a reconnect heals the same integration', async () => {
  const { page, client, integrationId, errors } = await newIntegration()
  const before = await listed(page, '/api/findings?status=open')
  provider.fail({ kind: 'unauthorized', path: /^\/v1\/(projects|organizations)/ })
  provider.fail({ kind: () => Response.json({ message: 'Invalid refresh token' }, { status: 400 }), path: '/v1/oauth/token', grantType: 'refresh_token' })
  await page.getByRole('button', { name: 'Scan now' }).click()
  await page.getByText('Action required').first().waitFor()
  await settled(client, integrationId)
  expect(await listed(page, '/api/findings?status=open')).toHaveLength(before.length)
  await page.getByRole('link', { name: 'Reconnect Supabase' }).waitFor()
  await page.getByText('Stale', { exact: true }).first().waitFor()
  await picture(page, 'dead-grant-desktop-light')

  provider.clearFaults()
  await page.getByRole('link', { name: 'Reconnect Supabase' }).click()
  expect(await approve(page)).toBe(integrationId)
  await page.getByText('Healthy').first().waitFor()
  await page.getByText('Stale', { exact: true }).first().waitFor({ state: 'detached' })
  expect(await page.getByRole('link', { name: 'Reconnect Supabase' }).count()).toBe(0)
  expect(errors).toEqual([])
})
