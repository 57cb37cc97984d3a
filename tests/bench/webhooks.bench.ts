/** Deliveries beside a running scan, at a steady rate that does not wait for answers. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { expect, it } from 'vitest'
import { ApiClient, expectStatus } from '../support/client'
import { connectAndScan, settled } from '../support/company'
import { slowly } from '../support/gate'
import { startStack } from '../support/stack'
import { until } from '../support/until'
import { median, report } from './report'

const PER_SECOND = 200
const SECONDS = 15

it('a provider\'s deliveries, 200 a second, beside a running scan', async () => {
  const key = randomBytes(32).toString('hex')
  const stack = await startStack({ env: { GITHUB_CLIENT_ID: 'a', GITHUB_CLIENT_SECRET: 'b', GITHUB_WEBHOOK_SECRET: key, LOG_LEVEL: 'warn' } })
  const sql = postgres(stack.backend.env.DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
  try {
    const client = new ApiClient(stack.app.url)
    await client.signUp()
    const { integrationId } = await connectAndScan(client)
    stack.provider.fail({ kind: slowly(50), path: /^\/v1\// })

    let scanning = true
    let scans = 0
    const scanner = (async () => {
      for (; scanning; scans += 1) {
        expectStatus(await client.post(`/api/integrations/${integrationId}/scan`), 202)
        await settled(client, integrationId)
      }
    })()

    const body = JSON.stringify({ action: 'edited', installation: { id: 7 }, repository: { id: 9, owner: { id: 8 } } })
    const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
    const times: number[] = []
    const statuses: number[] = []
    const deliver = async () => {
      const began = performance.now()
      const response = await fetch(`${stack.app.url}/api/webhooks/github`, {
        method: 'POST', body, headers: { 'content-type': 'application/json', 'x-github-event': 'branch_protection_rule', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': signature },
      })
      await response.arrayBuffer()
      times.push(performance.now() - began)
      statuses.push(response.status)
    }
    const sent: Promise<void>[] = []
    const start = performance.now()
    for (let n = 0; n < PER_SECOND * SECONDS; n++) {
      await delay(Math.max(0, start + n * 1000 / PER_SECOND - performance.now()))
      sent.push(deliver())
    }
    await Promise.all(sent)
    const seconds = (performance.now() - start) / 1000
    scanning = false
    await scanner

    expect(statuses.filter(status => status !== 202)).toEqual([])
    const kept = await until(async () => {
      const [row] = await sql<{ all: number, done: number }[]>`select count(*)::int as all, count(processed_at)::int as done from public.webhook_receipts`
      return row?.done === row?.all && row
    }, { timeoutMs: 120_000, intervalMs: 500, what: 'the deliveries to be applied' })
    expect(kept.all).toBe(times.length)
    report({
      name: 'A delivery answered, 200 a second beside a running scan', value: median(times), unit: 'ms', target: { atMost: 20 },
      detail: { deliveries: times.length, per_second: times.length / seconds, slowest_ms: Math.max(...times), scans_meanwhile: scans, lost: times.length - kept.done },
    })
  }
  finally {
    await sql.end()
    await stack.close()
  }
})
