import { readFileSync } from 'node:fs'
import { it } from 'vitest'
import { startApp, type TestApp } from '../support/app'
import { ApiClient, expectStatus } from '../support/client'
import { connectAndScan, settled } from '../support/company'
import { median, report } from './report'

function residentMb(app: TestApp): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${app.pid()}/status`, 'utf8'))?.[1]) / 1024
}

it('start on an existing embedded database, and memory after many scans', async () => {
  const app = await startApp({ env: { SANDBOX: '1', LOG_LEVEL: 'warn' } })
  try {
    const client = new ApiClient(app.url)
    await client.signUp()
    const { integrationId } = await connectAndScan(client)

    const starts: number[] = []
    for (let n = 0; n < 5; n++) {
      await app.kill('SIGTERM')
      const began = performance.now()
      await app.restart()
      starts.push(performance.now() - began)
    }
    report({ name: 'Start on an existing embedded database until healthy', value: median(starts), unit: 'ms', target: { atMost: 3_000 }, detail: { slowest_ms: Math.max(...starts) } })

    const memory: Record<number, number> = {}
    for (let scan = 1; scan <= 100; scan++) {
      expectStatus(await client.post(`/api/integrations/${integrationId}/scan`), 202)
      await settled(client, integrationId)
      if (scan === 10 || scan === 100) memory[scan] = residentMb(app)
    }
    const { 10: after10 = Number.NaN, 100: after100 = Number.NaN } = memory
    report({ name: 'Memory after 100 scans against after 10', value: after100 / after10, unit: '×', target: { atMost: 1.2 }, detail: { after_10_mb: after10, after_100_mb: after100 } })
  }
  finally {
    await app.stop()
  }
})
