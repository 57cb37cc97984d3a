/** What people do in more than one story. */
import { url } from '@nuxt/test-utils/e2e'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { callbackErrors, CallbackErrorCode } from '#shared/callback-errors'
import { overflow, seriousViolations, themes, viewports } from '../support/browser.ts'
import type { Person } from '../support/client.ts'
import { hydrated, picture } from '../support/nuxt-e2e.ts'

type CallbackError = typeof callbackErrors[CallbackErrorCode]

/** The same links stand in a sidebar or, on a phone, behind a button. */
export async function openMenu(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Open the menu' })
  if (await button.isVisible()) await button.click()
}

export async function goTo(page: Page, place: 'Overview' | 'Integrations' | 'Findings' | 'Settings'): Promise<void> {
  await openMenu(page)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).filter({ visible: true }).click()
  await page.getByRole('heading', { level: 1, name: place }).waitFor()
}

export async function signUp(page: Page, person: Partial<Person> & Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.getByRole('heading', { name: 'Create an account' }).waitFor()
  await page.getByLabel('Email address').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  if (person.organization) await page.getByLabel('Organization').fill(person.organization)
  await page.getByRole('button', { name: 'Create account' }).click()
}

export async function signIn(page: Page, { email, password }: Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.getByLabel('Email address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export async function signOut(page: Page): Promise<void> {
  await openMenu(page)
  await page.getByRole('button', { name: 'Sign out' }).filter({ visible: true }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
}

/** From a page of the app to the provider's question. */
export async function startConnecting(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Connect Supabase' }).click()
  await page.getByRole('dialog', { name: 'Connect Supabase' }).getByRole('link', { name: 'Continue to Supabase' }).click()
  await page.getByRole('heading', { name: 'Authorize AllyShip Integrations' }).waitFor()
}

/** @returns the integration's id */
export async function approve(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.waitForURL(url('/integrations/*'))
  await hydrated(page)
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}

export const progressBar = (page: Page) => page.getByRole('progressbar', { name: 'Checks done' })

/** How a connection that did not come about is told: an alert that says what happened and what to do. */
export async function expectCallbackError(page: Page, code: string, said: CallbackError): Promise<void> {
  await page.waitForURL(url(`/integrations?error=${code}`))
  const alert = page.getByRole('alert')
  const text = await alert.innerText()
  for (const part of [said.title, said.sentence, said.next]) expect(text, code).toContain(part)
  await expect.poll(() => alert.evaluate(element => element === document.activeElement), { message: 'the alert has the focus' }).toBe(true)
}

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, target: Locator, presses = 60): Promise<void> {
  for (let press = 0; press < presses; press++) {
    await page.keyboard.press('Tab')
    if (await target.evaluate(element => element === document.activeElement)) return
  }
  throw new Error(`${target.toString()} cannot be reached with ${presses} presses of Tab`)
}

export const hasFocus = (target: Locator) => expect.poll(() => target.evaluate(element => element === document.activeElement)).toBe(true)

/** Quiet, readable and within the window, on both sizes and in both themes. */
export async function expectDrawn(page: Page, name: string): Promise<void> {
  for (const [viewport, size] of Object.entries(viewports)) {
    await page.setViewportSize(size)
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme })
      await page.locator(`html.${theme}`).waitFor()
      expect(await seriousViolations(page, { coloursOnly: theme === 'dark' }), `${name} ${viewport} ${theme}`).toEqual([])
      await picture(page, `${name}-${viewport}-${theme}`)
    }
    expect(await overflow(page), `${name} on a ${viewport}`).toBe(0)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

interface ListOf<T> { data: T[] }

/** The API as the page's own session sees it. */
export async function listed<T>(page: Page, path: string): Promise<T[]> {
  const answer = await page.request.get(url(path))
  expect(answer.status(), path).toBe(200)
  return (await answer.json() as ListOf<T>).data
}
