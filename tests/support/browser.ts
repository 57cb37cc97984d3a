/** Headless Chromium, and what makes a page unusable for some people. */
import AxeBuilder from '@axe-core/playwright'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/lib/chromium.ts'

/** No background traffic: each of these would look for a host outside. */
const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export async function launchBrowser(): Promise<Browser> {
  const executablePath = await findChromium()
  if (!executablePath) throw new Error('There is no Chromium. To fix: npm test installs one, or set CHROMIUM_PATH.')
  // Chromium's own sandbox refuses to run as root.
  return chromium.launch({ executablePath, args: [...quiet, '--no-sandbox'] })
}

export const viewports = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } } as const

/** A new browser profile. Errors of its pages are collected in `errors`. */
export async function newVisitor(browser: Browser, options: {
  url: string
  viewport?: keyof typeof viewports
  colorScheme?: 'light' | 'dark'
}): Promise<{ context: BrowserContext, page: Page, errors: string[] }> {
  const context = await browser.newContext({
    baseURL: options.url,
    viewport: viewports[options.viewport ?? 'desktop'],
    colorScheme: options.colorScheme ?? 'light',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(15_000)
  const errors: string[] = []
  context.on('weberror', error => errors.push(String(error.error())))
  context.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  return { context, page: await context.newPage(), errors }
}

/** Serious and critical violations, one line each; empty when there are none. */
export async function seriousViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(violation => violation.impact === 'serious' || violation.impact === 'critical')
    .map(violation => `${violation.id} (${violation.impact}): ${violation.help}: ${violation.nodes.map(node => node.target.join(' ')).join(', ')}`)
}
