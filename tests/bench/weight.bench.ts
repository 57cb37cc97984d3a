import { gzipSync } from 'node:zlib'
import { it } from 'vitest'
import { startApp } from '../support/app'
import { launchBrowser, newVisitor } from '../support/browser'
import { newPerson } from '../support/client'
import { report } from './report'

it('page weight of /integrations', async () => {
  const app = await startApp({ env: { SANDBOX: '1', LOG_LEVEL: 'warn' } })
  const browser = await launchBrowser()
  try {
    const { page, context } = await newVisitor(browser, { url: app.url })
    await context.request.post('/api/account', { data: newPerson() })
    const scripts = new Map<string, Promise<Buffer>>()
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.set(response.url(), response.body())
    })
    await page.goto('/integrations', { waitUntil: 'networkidle' })
    const bodies = await Promise.all(scripts.values())
    const weight = bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0)
    if (bodies.length === 0) throw new Error('The page loaded no script.')
    report({ name: 'Compressed script of /integrations', value: weight / 1024, unit: 'KB', target: { atMost: 200 }, detail: { files: bodies.length, uncompressed_kb: bodies.reduce((sum, body) => sum + body.length, 0) / 1024 } })
  }
  finally {
    await browser.close()
    await app.stop()
  }
})
