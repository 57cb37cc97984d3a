/** "Always true" 1, from inside the browser: no script of a page can read a token. */
import { expect, it } from 'vitest'
import { newPerson } from '../support/client.ts'
import { open, setupStack, visit } from '../support/nuxt-e2e.ts'
import { approve, signUp, startConnecting } from './steps.ts'

const { provider } = await setupStack()

it('no script can read a token, of the session or of the provider', async () => {
  const { page, context } = await visit({ origins: [provider.url] })
  const answers: string[] = []
  page.on('response', response => void response.text().then(text => answers.push(text), () => {}))
  await open(page, '/sign-up')
  await signUp(page, newPerson())
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await open(page, '/integrations')
  await startConnecting(page)
  const id = await approve(page)
  for (const path of [`/integrations/${id}/configuration`, `/integrations/${id}/audit`, '/settings/audit', '/']) {
    await open(page, path)
  }

  const cookies = await context.cookies()
  const sessions = cookies.filter(cookie => cookie.name.startsWith('session'))
  expect(sessions.length).toBeGreaterThan(0)
  expect(sessions.filter(cookie => !cookie.httpOnly || cookie.sameSite !== 'Lax')).toEqual([])

  const readable = await page.evaluate(() => [
    document.cookie, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.documentElement.outerHTML,
    JSON.stringify(window.performance.getEntries().map(entry => entry.name)), window.location.href,
  ].join('\n'))
  const issued = [...provider.secrets]
  expect(issued.length, 'the provider issued something to look for').toBeGreaterThan(2)
  const seen = [readable, ...answers].join('\n')
  expect(issued.filter(secret => seen.includes(secret)).length, 'credentials of the provider').toBe(0)
  expect(seen.match(/eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g), 'access tokens').toBeNull()
  for (const { value } of sessions) expect(readable.includes(value.slice(0, 60))).toBe(false)
})
