/** The built app and a Chromium for the tests of one file: one app, one browser, and a new profile for each visitor. */
import { join } from 'node:path'
import { getBrowser, setup, url, waitForHydration } from '@nuxt/test-utils/e2e'
import type { Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import { startApp, type TestApp } from './app.ts'
import { launchOptions, newVisitor, type Visitor, type VisitorOptions } from './browser.ts'
import type { ApiClient } from './client.ts'
import { startStack, type Stack, type StackOptions } from './stack.ts'

const artifacts = join(import.meta.dirname, '../.artifacts')

async function serve(host: string): Promise<void> {
  await setup({ host, browser: true, browserOptions: { type: 'chromium', launch: await launchOptions() } })
}

/** The app with the sandbox and the embedded database, as `npm run dev` has them. Call it at the top of a file. */
export async function setupSandbox(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startApp({ env: { SANDBOX: '1', ...env } })
  afterAll(() => app.stop())
  await serve(app.url)
  return app
}

/** The app with the provider as a server of its own, which a test can hold, break and look into. */
export async function setupStack(options: StackOptions = {}): Promise<Stack> {
  const stack = await startStack(options)
  afterAll(() => stack.close())
  await serve(stack.app.url)
  return stack
}

/** A new browser profile, closed after the test. A failed test leaves a picture in tests/.artifacts/failures. */
export async function visit(options: Omit<VisitorOptions, 'url'> & { as?: ApiClient } = {}): Promise<Visitor> {
  const visitor = await newVisitor(await getBrowser(), { ...options, url: url('/') })
  if (options.as) await takeCookies(visitor, options.as)
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') {
      const name = task.name.replace(/[^\w-]+/g, '-').slice(0, 80)
      await visitor.page.screenshot({ path: join(artifacts, 'failures', `${name}.png`), timeout: 5_000 }).catch(() => {})
    }
    await visitor.context.close()
  })
  return visitor
}

/** The browser is signed in as the client is. */
export async function takeCookies({ context }: Visitor, client: ApiClient): Promise<void> {
  await context.addCookies(client.jar.all().map(({ name, value, path }) =>
    ({ name, value, path, domain: new URL(client.url).hostname, httpOnly: true, sameSite: 'Lax' as const })))
}

/** Until the page's scripts have taken over: a click before that is lost. */
export async function hydrated(page: Page): Promise<Page> {
  await waitForHydration(page, page.url(), 'hydration')
  return page
}

export async function open(page: Page, path: string): Promise<Page> {
  await page.goto(url(path))
  return hydrated(page)
}

/** Into tests/.artifacts/screenshots, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(artifacts, 'screenshots', `${name}.png`), fullPage: true })
}
