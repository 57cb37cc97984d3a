/** Answers that do not belong to the question: each ends on a page that says so, and stores nothing. */
import { expect, it } from 'vitest'
import { callbackErrors } from '#shared/callback-errors'
import { ApiClient, newPerson } from '../support/client.ts'
import { consent } from '../support/consent.ts'
import { hydrated, open, setupSandbox, takeCookies, visit } from '../support/nuxt-e2e.ts'
import { expectCallbackError, listed, signIn, startConnecting } from './steps.ts'

const app = await setupSandbox()

/** A browser at the consent page, and the callback that its "yes" leads to, which was not opened yet. */
async function atConsent() {
  const client = new ApiClient(app.url)
  const person = newPerson()
  await client.signUp(person)
  const visitor = await visit({ as: client })
  await open(visitor.page, '/integrations')
  await startConnecting(visitor.page)
  return { ...visitor, person, callback: await consent(visitor.page.url(), 'approve') }
}

const connected = (page: Parameters<typeof listed>[0]) => listed(page, '/api/integrations')

it('refuses an altered state', async () => {
  const { page, callback } = await atConsent()
  const altered = new URL(callback)
  altered.searchParams.set('state', `${altered.searchParams.get('state')}x`)
  await page.goto(altered.href)
  await expectCallbackError(page, 'state_mismatch', callbackErrors.state_mismatch)
  expect(await connected(page)).toEqual([])
})

it('takes an answer once', async () => {
  const { page, callback } = await atConsent()
  await page.goto(callback)
  await page.waitForURL(`${app.url}/integrations/*`)
  await page.goto(callback)
  await expectCallbackError(page, 'flow_missing', callbackErrors.flow_missing)
  expect(await connected(page), 'the replay neither stores nor removes').toHaveLength(1)
})

it('refuses an answer in the browser of somebody else', async () => {
  const { page, callback } = await atConsent()
  const victim = new ApiClient(app.url)
  await victim.signUp()
  const other = await visit({ as: victim })
  await other.page.goto(callback)
  await expectCallbackError(other.page, 'flow_missing', callbackErrors.flow_missing)
  expect([await connected(page), await connected(other.page)]).toEqual([[], []])
})

it('refuses an answer to another person in the same browser', async () => {
  const { page, context, errors, outside, callback } = await atConsent()
  const next = new ApiClient(app.url)
  await next.signUp()
  await takeCookies({ page, context, errors, outside }, next)
  await page.goto(callback)
  await expectCallbackError(page, 'state_mismatch', callbackErrors.state_mismatch)
  expect(await connected(page)).toEqual([])
})

it('tells a person who was signed out on the way, after they signed in', async () => {
  const { page, context, callback, person } = await atConsent()
  await context.clearCookies({ name: /^session/ })
  await page.goto(callback)
  await hydrated(page)
  await signIn(page, person)
  await expectCallbackError(page, 'session_required', callbackErrors.session_required)
  expect(await connected(page)).toEqual([])
})

it('has a title, a sentence and a next step for every code, and for one that it does not know', async () => {
  const client = new ApiClient(app.url)
  await client.signUp()
  const { page, errors } = await visit({ as: client })
  const unknown = { title: 'The connection was not made', sentence: 'Nothing was stored.', next: 'Connect again' }
  for (const [code, said] of [...Object.entries(callbackErrors), ['constructor', unknown], ['<b>', unknown]] as const) {
    await page.goto(`/integrations?error=${encodeURIComponent(code)}`)
    const text = await page.getByRole('alert').innerText()
    for (const part of [said.title, said.sentence, said.next]) expect(text, code).toContain(part)
  }
  expect(errors).toEqual([])
})
