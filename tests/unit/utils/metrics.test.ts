import { describe, expect, it } from 'vitest'
import { collectMetrics, countCredentialUse, countedFetch, countRefresh, countScan, reportRefreshDue, timeRefresh } from '#server/utils/metrics'

/** The samples of a metric, without those of a histogram's buckets. */
async function samples(name: string): Promise<string[]> {
  return (await collectMetrics()).text.split('\n').filter(line => line.startsWith(name) && !line.includes('_bucket'))
}

describe('collectMetrics', () => {
  it('is Prometheus\' text format, with the process beside what is counted', async () => {
    const { type, text } = await collectMetrics()
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain('# TYPE credential_refresh_total counter')
    expect(text).toContain('process_resident_memory_bytes')
    expect((await collectMetrics()).text.match(/# TYPE process_resident_memory_bytes/g)).toHaveLength(1)
  })

  it('counts renewals by how they ended, and scans', async () => {
    countRefresh('supabase', 'refreshed')
    countRefresh('supabase', 'refreshed')
    countRefresh('supabase', 'dead_grant')
    countScan('completed')
    expect(await samples('credential_refresh_total')).toEqual([
      'credential_refresh_total{provider="supabase",outcome="refreshed"} 2', 'credential_refresh_total{provider="supabase",outcome="dead_grant"} 1'])
    expect(await samples('scan_total')).toEqual(['scan_total{outcome="completed"} 1'])
  })

  it('notes how long a renewal took', async () => {
    timeRefresh('supabase')()
    expect(await samples('credential_refresh_seconds_count')).toEqual(['credential_refresh_seconds_count{provider="supabase"} 1'])
  })

  it('takes words for a purpose, and no id', async () => {
    for (const purpose of ['scan', 'revoke', 'b7a0c2de-2f0b-4f8e-9d7a-0d6c1c7a2b11', 'scan 4711', '', 'x'.repeat(40)]) countCredentialUse(purpose)
    expect(await samples('credential_used_total')).toEqual([
      'credential_used_total{purpose="scan"} 1', 'credential_used_total{purpose="revoke"} 1', 'credential_used_total{purpose="other"} 4'])
  })

  it('asks what is due at each collection, and leaves it out while nobody can say', async () => {
    let due = 3
    reportRefreshDue(async () => due)
    expect(await samples('refresh_due')).toEqual(['refresh_due 3'])
    due = 4
    expect(await samples('refresh_due')).toEqual(['refresh_due 4'])
    reportRefreshDue(() => Promise.reject(new Error('away')))
    expect(await samples('scan_total')).toHaveLength(1)
    expect(await samples('refresh_due')).toEqual([])
  })
})

describe('countedFetch', () => {
  const answers: [string, () => Promise<Response>, RequestInit?][] = [
    ['ok', async () => new Response(null, { status: 204 })],
    ['redirected', async () => Response.redirect('http://127.0.0.1/', 302)],
    ['refused', async () => new Response('', { status: 404 })],
    ['rate_limited', async () => new Response('', { status: 429 })],
    ['server_error', async () => new Response('', { status: 503 })],
    ['unreachable', () => Promise.reject(new TypeError('fetch failed'))],
    ['timeout', () => Promise.reject(new Error('aborted')), { signal: AbortSignal.abort() }],
  ]

  it.each(answers)('counts %s', async (outcome, answer, init) => {
    const call = countedFetch(outcome, answer)('http://127.0.0.1/', init)
    await call.catch(() => undefined)
    expect(await samples(`outgoing_calls_total{provider="${outcome}"`)).toEqual([`outgoing_calls_total{provider="${outcome}",outcome="${outcome}"} 1`])
  })

  it('hands answers and failures through', async () => {
    const response = new Response('x')
    expect(await countedFetch('a', async () => response)('http://127.0.0.1/')).toBe(response)
    await expect(countedFetch('a', () => Promise.reject(new TypeError('gone')))('http://127.0.0.1/')).rejects.toThrow('gone')
  })
})
