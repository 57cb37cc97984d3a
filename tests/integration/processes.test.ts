/** WEB and WORKER: who serves, who works. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startNode, runNode, type Child } from '../support/child.ts'
import { ApiClient, expectStatus } from '../support/client.ts'
import { settled } from '../support/company.ts'
import { freePort } from '../support/free-port.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const script = join(import.meta.dirname, '../../scripts/worker.ts')
const embedded = inject('databaseMode') === 'embedded'
interface Page { data: { id: string, status: string }[] }

let stack: Stack
let client: ApiClient
let integrationId: string
beforeAll(async () => {
  stack = await startStack({ env: { WORKER: '0' } })
  client = await stack.person()
  integrationId = (await client.connect()).split('/').at(-1) ?? ''
})
afterAll(() => stack?.close())

const statuses = async () => expectStatus(await client.get<Page>('/api/assessments'), 200).data.map(one => one.status)

describe('WORKER=0', () => {
  it('serves, and leaves what there is to do in the queue', async () => {
    expect(await statuses()).toEqual(['queued'])
    const again = await client.post(`/api/integrations/${integrationId}/scan`)
    expect([again.status, again.body]).toMatchObject([409, { code: 'scan_in_progress' }])
    expect((await client.get('/api/health')).status).toBe(200)
    expect(stack.app.logs().find(line => line.message === 'started')).toMatchObject({ worker: false, web: true })
    expect(stack.provider.count({ path: /\/advisors/ })).toBe(0)
  })
})

describe('npm run worker', () => {
  it.runIf(embedded)('says why there is none beside an embedded database', async () => {
    const { code, output } = await runNode([script], {})
    expect(code).toBe(1)
    expect(output).toContain('SUPABASE_URL')
    expect(output).toContain('To fix:')
  })

  describe.skipIf(embedded)('with Supabase', () => {
    let worker: Child
    let url: string
    beforeAll(async () => {
      const port = await freePort()
      url = `http://127.0.0.1:${port}`
      worker = startNode([script], { ...stack.provider.env, ...stack.backend.env, NODE_ENV: 'production', APP_URL: stack.app.url, NITRO_HOST: '127.0.0.1', NITRO_PORT: String(port) })
      await until(async () => !worker.running() || (await fetch(`${url}/api/health`)).status === 200, { what: 'the worker' })
    })
    afterAll(() => worker?.end('SIGKILL'))

    it('takes what waited, and does it', async () => {
      expect(worker.output()).toContain('"web":false')
      await settled(client, integrationId)
      expect(await statuses()).toEqual(['completed'])
      expectStatus(await client.post(`/api/integrations/${integrationId}/scan`), 202)
      await settled(client, integrationId)
      expect(await statuses()).toEqual(['completed', 'completed'])
    })

    it('serves its health and nothing else', async () => {
      for (const path of ['/', '/sign-in', '/api/session', '/api/integrations', '/api/auth/login', '/_nuxt/x.js', '/sandbox/supabase']) {
        const answer = await new ApiClient(url, client.jar).get(path, { headers: { accept: 'text/html' } })
        expect([path, answer.status]).toEqual([path, 404])
        expect(answer.headers.getSetCookie()).toEqual([])
      }
    })

    it('ends with 0 when it is asked to', async () => {
      expect(await worker.end('SIGTERM', 40_000)).toEqual({ code: 0, signal: null })
    })
  })
})
