/**
 * The strict fake provider: the sandbox's own handler as an HTTP server of its own, as far away as the real one. It
 * records every call and fails on demand. The app takes it for the real Supabase (it is not its sandbox).
 */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createSupabaseSandbox } from '#server/sandbox/supabase'
import { memoryStore } from '#server/sandbox/store'
import { faultResponse, type Fault } from './faults.ts'
import { freePort } from './free-port.ts'
import { serveHttp } from './http-server.ts'
import { secretsOf } from './issued.ts'

export interface ProviderCall {
  method: string
  path: string
  query: string
  /** Of a token call. */
  grantType: string | null
  headers: Headers
  body: string
  /** Null while unanswered, and for a call that a fault left without an answer. */
  status: number | null
}

export interface ProviderOptions {
  /** The addresses of the app that may receive an answer, e.g. from `callbacks(app.url)`. */
  redirectUris: string[]
  accessTokenLifetimeSeconds?: number
  now?: () => number
  port?: number
}

export interface Provider {
  url: string
  clientId: string
  clientSecret: string
  /** What the app needs in its environment to use this provider as Supabase. */
  env: Record<string, string>
  /** In the order in which they came. */
  calls: ProviderCall[]
  /** Everything that nobody but the app and this provider may ever see: tokens, codes, verifiers, the client's secret. */
  secrets: Set<string>
  count: (filter: { method?: string, path?: string | RegExp, grantType?: string }) => number
  /** Every following call that it covers fails. The newest fault that covers a call wins. */
  fail: (fault: Fault) => void
  clearFaults: () => void
  close: () => Promise<void>
}

/** Both addresses at which an app receives Supabase's answer. */
export function callbacks(appUrl: string): string[] {
  return [`${appUrl}/api/auth/supabase/callback`, `${appUrl}/api/auth/callback`]
}

export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const port = options.port ?? await freePort()
  const url = `http://127.0.0.1:${port}`
  const client = { clientId: randomUUID(), clientSecret: `sba_${randomUUID().replaceAll('-', '')}` }
  const sandbox = createSupabaseSandbox({ ...client, ...options, baseUrl: url, store: memoryStore() })
  const calls: ProviderCall[] = []
  const secrets = new Set([client.clientSecret])
  let faults: Fault[] = []

  const server = await serveHttp(async (request, { outgoing }) => {
    const call = await record(request)
    calls.push(call)
    const fault = takeFault(call)
    const response = await answer(request, fault, outgoing)
    call.status = response?.status ?? null
    for (const secret of await secretsOf(call, response)) secrets.add(secret)
    return response
  }, { port })

  async function answer(request: Request, fault: Fault | undefined, outgoing: ServerResponse): Promise<Response | null> {
    if (!fault) return sandbox.fetch(request)
    const { kind } = fault
    return typeof kind === 'function' ? kind(request.clone(), () => sandbox.fetch(request)) : faultResponse({ ...fault, kind }, outgoing)
  }

  function takeFault(call: ProviderCall): Fault | undefined {
    const fault = faults.findLast(one => covers(one, call))
    if (fault?.times !== undefined && --fault.times <= 0) faults = faults.filter(one => one !== fault)
    return fault
  }

  return {
    url,
    ...client,
    env: {
      SUPABASE_CLIENT_ID: client.clientId,
      SUPABASE_CLIENT_SECRET: client.clientSecret,
      SUPABASE_API_URL: url,
      SUPABASE_AUTH_URL: url,
    },
    calls,
    secrets,
    count: ({ method, path, grantType }) => calls.filter(call =>
      (method === undefined || call.method === method)
      && (path === undefined || (typeof path === 'string' ? call.path === path : path.test(call.path)))
      && (grantType === undefined || call.grantType === grantType)).length,
    fail: (fault) => { faults.push({ ...fault }) },
    clearFaults: () => { faults = [] },
    close: () => server.close(),
  }
}

async function record(request: Request): Promise<ProviderCall> {
  const { pathname, search } = new URL(request.url)
  const body = await request.clone().text()
  const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false
  return {
    method: request.method,
    path: pathname,
    query: search,
    grantType: isForm ? new URLSearchParams(body).get('grant_type') : null,
    headers: request.headers,
    body,
    status: null,
  }
}

function covers(fault: Fault, call: ProviderCall): boolean {
  if (fault.grantType !== undefined && fault.grantType !== call.grantType) return false
  if (fault.path === undefined) return call.path !== '/v1/oauth/authorize'
  return typeof fault.path === 'string' ? call.path.startsWith(fault.path) : fault.path.test(call.path)
}
