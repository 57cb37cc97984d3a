/** A newcomer's first minutes: from nothing to the first finding, and back in on the next day. */
import { describe, expect, it } from 'vitest'
import { looks } from '../support/browser.ts'
import { newPerson } from '../support/client.ts'
import { open, picture, setupSandbox, visit } from '../support/nuxt-e2e.ts'
import { approve, goTo, signIn, signOut, signUp, startConnecting } from './steps.ts'

await setupSandbox()

describe('first run to first finding', () => {
  it.each(looks)('on a $viewport, $colorScheme', async (look) => {
    const { page, errors, outside } = await visit(look)
    const person = newPerson('newcomer')

    await open(page, '/')
    expect(new URL(page.url()).pathname, 'nobody is signed in').toBe('/sign-in')
    await page.getByRole('link', { name: 'Create an account' }).click()
    await signUp(page, person)

    await page.getByRole('heading', { name: 'Connect your first service' }).waitFor()
    await page.getByText(person.organization).filter({ visible: true }).first().waitFor()
    await goTo(page, 'Integrations')
    await page.getByText('Nothing is connected yet').waitFor()

    await startConnecting(page)
    await page.getByText('This is a local stand-in for Supabase.').waitFor()
    await picture(page, `consent-${look.viewport}-${look.colorScheme}`)
    const id = await approve(page)

    // The bar of a running scan is in live.test.ts: the sandbox may be done before a page is drawn.
    expect(new URL(page.url()).pathname).toBe(`/integrations/${id}`)
    await page.getByText('Sandbox', { exact: true }).first().waitFor()

    const finding = page.getByRole('region', { name: 'Open findings' }).getByRole('listitem').filter({ has: page.getByRole('group') }).first()
    await finding.getByRole('heading', { name: 'Evidence' }).waitFor()
    expect(await finding.locator('dl dt').count()).toBeGreaterThan(0)
    await finding.getByRole('heading', { name: 'Why it matters' }).waitFor()
    await finding.getByRole('heading', { name: 'How to fix it' }).waitFor()
    expect(await finding.locator('ol li').count()).toBeGreaterThan(0)
    await picture(page, `first-finding-${look.viewport}-${look.colorScheme}`)

    await goTo(page, 'Overview')
    const posture = page.getByRole('region', { name: 'Posture' })
    await posture.getByText(/^\d+\s*%$/).waitFor()
    await posture.getByText(/of \d+ verified checks passed/).waitFor()

    await signOut(page)
    await signIn(page, person)
    await posture.getByText(/of \d+ verified checks passed/).waitFor()
    expect({ errors, outside }).toEqual({ errors: [], outside: [] })
  })
})
