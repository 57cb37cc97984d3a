/**
 * The page that asks about a connection which was started at the provider: on the whole way there from the stand-in's own page, and
 * then state by state, with what the server says put in its place.
 */
import { url } from '@nuxt/test-utils/e2e'
import type { Page, Route } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Installation, Problem } from '#shared/api'
import { callbackErrors } from '#shared/callback-errors'
import { ApiClient, newPerson } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { hydrated, open, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { expectCallbackError, expectDrawn, hasFocus, listed, signIn, tabTo } from './steps.ts'

const app = await setupSandbox()
const person = newPerson()
const owner = new ApiClient(app.url)
let integrationId = ''
beforeAll(async () => {
  await owner.signUp(person)
  ;({ integrationId } = await connectAndScan(owner))
})

const flow = '0123456789abcdef'
const path = `/integrations/install?provider=supabase&flow=${flow}`
const installation: Installation = {
  provider: 'supabase', organization: { id: 'o', name: 'Brightwater Subsidiary Holdings International, Regulated Markets' },
  facts: { installation_id: 'icfg_8fJ2LkQxYz0123456789abcdefghijklmnopqrstuvwxyz', team_id: 'team_1' }, sandbox: true, expires_at: new Date(Date.now() + 600_000).toISOString(),
}
const problem = (status: number, fields: Partial<Problem>) => ({
  status, contentType: 'application/problem+json', json: { type: 'about:blank', status, title: 'Refused', code: 'internal', ...fields },
})

/** What the server says to both calls. @returns the bodies of the answers that were sent */
async function serve(page: Page, show: (route: Route) => unknown, answer: (route: Route) => unknown = () => {}): Promise<unknown[]> {
  const sent: unknown[] = []
  await page.route('**/api/auth/supabase/install*', async (route) => {
    if (route.request().method() === 'GET') return void await show(route)
    sent.push(route.request().postDataJSON())
    await answer(route)
  })
  return sent
}
const asks = (route: Route) => route.fulfill({ json: installation })

/** A person installs the integration on Vercel's own page, without having come from here. */
async function installAtVercel(page: Page): Promise<void> {
  await page.goto(url('/sandbox/vercel/integrations/allyship/new'))
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.waitForURL(address => address.pathname === '/integrations/install' || address.pathname === '/sign-in')
  await hydrated(page)
}

describe('somebody who starts at the provider', () => {
  it('is asked here, and says yes', async () => {
    const { page, errors } = await visit({ as: owner })
    await installAtVercel(page)
    await page.getByRole('heading', { level: 1, name: 'Connect Vercel?' }).waitFor()
    expect(await page.getByRole('region', { name: 'What you confirm' }).innerText()).toContain(person.organization)
    expect(await listed(page, '/api/integrations?integration_type=vercel')).toEqual([])
    const asked = page.url()
    await page.getByRole('button', { name: 'Connect Vercel' }).click()
    await page.waitForURL(/\/integrations\/[0-9a-f-]{36}$/)
    expect(await listed(page, '/api/integrations?integration_type=vercel')).toHaveLength(1)

    // From the browser's history: answered.
    await page.goto(asked)
    await page.getByRole('heading', { name: 'There is nothing to confirm here any more' }).waitFor()
    expect(errors.filter(error => !error.includes('status of 404'))).toEqual([])
  })

  it('signs in on the way, and says no', async () => {
    const { page } = await visit()
    await installAtVercel(page)
    await signIn(page, person)
    await page.getByRole('heading', { level: 1, name: 'Connect Vercel?' }).waitFor()
    const before = await listed(page, '/api/integrations')
    await page.getByRole('button', { name: 'Don\'t connect' }).click()
    await page.waitForURL(url('/integrations'))
    expect(await listed(page, '/api/integrations')).toEqual(before)
  })
})

it('says which service, which organization and what will be stored, and connects on a yes', async () => {
  const { page, errors } = await visit({ as: owner })
  const sent = await serve(page, asks, route => route.fulfill({ json: { integration_id: integrationId } }))
  await open(page, path)
  await page.getByRole('heading', { level: 1, name: 'Connect Supabase?' }).waitFor()
  const said = await page.getByRole('region', { name: 'What you confirm' }).innerText()
  for (const part of ['Supabase', installation.organization?.name ?? '', 'encrypted', 'icfg_8fJ2LkQxYz', 'team_1', 'Sandbox']) expect(said).toContain(part)
  expect(await page.getByRole('main').innerText()).toContain('Confirm it only if you have just installed AllyShip at Supabase yourself.')
  await expectDrawn(page, 'install-asks')

  await tabTo(page, page.getByRole('button', { name: 'Connect Supabase' }))
  await page.keyboard.press('Enter')
  await page.waitForURL(url(`/integrations/${integrationId}`))
  expect(sent).toEqual([{ flow, confirm: true }])
  expect(errors).toEqual([])
})

it('connects nothing on a no', async () => {
  const { page } = await visit({ as: owner })
  const sent = await serve(page, asks, route => route.fulfill({ status: 204 }))
  await open(page, path)
  await page.getByRole('button', { name: 'Don\'t connect' }).click()
  await page.waitForURL(url('/integrations'))
  expect(sent).toEqual([{ flow, confirm: false }])
})

describe('it says', () => {
  it('what it waits for, then why it could not, and tries again', async () => {
    const { page } = await visit({ as: owner })
    const held = Promise.withResolvers<null>()
    let calls = 0
    await serve(page, async (route) => {
      if (calls++ > 0) return asks(route)
      await held.promise
      await route.fulfill(problem(503, { title: 'The database is away', code: 'unavailable' }))
    })
    await open(page, path)
    const main = page.getByRole('main')
    await main.getByRole('status').getByText('Loading').waitFor()
    await expectDrawn(page, 'install-loading')
    held.resolve(null)
    await main.getByRole('alert').filter({ hasText: 'The database is away' }).waitFor()
    await expectDrawn(page, 'install-failed')
    await main.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { level: 1, name: 'Connect Supabase?' }).waitFor()
  })

  it('that it took too long', async () => {
    const { page } = await visit({ as: owner })
    await serve(page, route => route.fulfill(problem(410, { code: 'connection_expired' })))
    await open(page, path)
    await page.getByRole('heading', { name: 'This took longer than ten minutes' }).waitFor()
    await page.getByRole('link', { name: 'Go to integrations' }).click()
    await page.waitForURL(url('/integrations'))
  })

  it('that it was answered meanwhile', async () => {
    const { page } = await visit({ as: owner })
    let calls = 0
    await serve(page, route => calls++ === 0 ? asks(route) : route.fulfill(problem(404, { code: 'not_found' })), route => route.fulfill(problem(404, { code: 'not_found' })))
    await open(page, path)
    await page.getByRole('button', { name: 'Connect Supabase' }).click()
    await page.getByRole('heading', { name: 'There is nothing to confirm here any more' }).waitFor()
  })

  it('why it was not connected, where every refusal is told', async () => {
    const { page } = await visit({ as: owner })
    await serve(page, asks, route => route.fulfill(problem(409, { code: 'connection_refused', reason: 'code_refused' })))
    await open(page, path)
    await page.getByRole('button', { name: 'Connect Supabase' }).click()
    await expectCallbackError(page, 'code_refused', callbackErrors.code_refused)
  })

  it('what went wrong on our side, and lets the person try again', async () => {
    const { page } = await visit({ as: owner })
    await serve(page, asks, route => route.fulfill(problem(503, { title: 'The database is away', code: 'unavailable' })))
    await open(page, path)
    await page.getByRole('button', { name: 'Connect Supabase' }).click()
    await page.getByRole('alert').filter({ hasText: 'The database is away' }).waitFor()
    expect(await page.getByRole('button', { name: 'Connect Supabase' }).isEnabled()).toBe(true)
  })
})

it('asks who it is first, and comes back', async () => {
  const { page } = await visit()
  await serve(page, asks)
  await open(page, path)
  await signIn(page, person)
  await page.waitForURL(url(path))
  await page.getByRole('heading', { level: 1, name: 'Connect Supabase?' }).waitFor()
  await page.getByRole('button', { name: 'Don\'t connect' }).focus()
  await hasFocus(page.getByRole('button', { name: 'Don\'t connect' }))
})
