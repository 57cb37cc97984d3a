/** Headless Chromium, and what makes a page unusable for some people. */
import AxeBuilder from '@axe-core/playwright'
import { chromium, type Browser, type BrowserContext, type LaunchOptions, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/lib/chromium.ts'

/** No background traffic: each of these would look for a host outside. */
const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export async function launchOptions(): Promise<LaunchOptions> {
  const executablePath = await findChromium()
  if (!executablePath) throw new Error('There is no Chromium. To fix: npm test installs one, or set CHROMIUM_PATH.')
  // Chromium's own sandbox refuses to run as root.
  return { executablePath, args: [...quiet, '--no-sandbox'] }
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch(await launchOptions())
}

export const viewports = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } } as const
export const themes = ['light', 'dark'] as const

export interface Look { viewport: keyof typeof viewports, colorScheme: typeof themes[number] }
/** Every viewport in every theme. */
export const looks: readonly Look[] = (['phone', 'desktop'] as const).flatMap(viewport => themes.map(colorScheme => ({ viewport, colorScheme })))

export interface VisitorOptions extends Partial<Look> {
  url: string
  /** Beside the app's own, where a page may ask for something: a provider's consent page. */
  origins?: readonly string[]
}

export interface Visitor {
  context: BrowserContext
  page: Page
  /** Errors of its pages: thrown, printed, or against the content security policy. */
  errors: string[]
  /** Requests to anybody but the app. */
  outside: string[]
}

/** A new browser profile. */
export async function newVisitor(browser: Browser, options: VisitorOptions): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: options.url,
    viewport: viewports[options.viewport ?? 'desktop'],
    colorScheme: options.colorScheme ?? 'light',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(15_000)
  const errors: string[] = []
  const outside: string[] = []
  const origins = new Set([options.url, ...options.origins ?? []].map(url => new URL(url).origin))
  context.on('weberror', error => errors.push(String(error.error())))
  context.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && !origins.has(origin)) outside.push(request.url())
  })
  return { context, page: await context.newPage(), errors, outside }
}

/** The rules whose verdict a theme can change. */
const colours = ['color-contrast', 'link-in-text-block']

/** Serious and critical violations, one line each; empty when there are none. */
export async function seriousViolations(page: Page, { coloursOnly = false } = {}): Promise<string[]> {
  // Legacy: without a second page for frames of other origins, which no page of ours has.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'], ...coloursOnly && { runOnly: colours } })
  const { violations } = await axe.analyze()
  return violations
    .filter(violation => violation.impact === 'serious' || violation.impact === 'critical')
    .map(violation => `${violation.id} (${violation.impact}): ${violation.help}: ${violation.nodes.map(node => node.target.join(' ')).join(', ')}`)
}

/** By how many pixels the page is wider than its window; 0 when nobody has to scroll sideways. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth))
}
