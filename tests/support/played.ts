/**
 * Every provider at once: the product's own rooms and routes in this process, and the stand-ins of all providers as an HTTP server
 * of their own, faults and control page included.
 */
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isRole, type Connector } from '#server/connectors/contract'
import { allConnectors, useConnectors } from '#server/connectors/registry'
import { useSandbox } from '#server/integrations/client'
import { createSandboxes, type Sandboxes } from '#server/sandbox'
import { loadEnv } from '#server/utils/env'
import type { RoleGuide } from '#shared/api'
import { ApiClient, expectStatus, newPerson } from './client.ts'
import { consent, parseForm } from './consent.ts'
import { startEdge, type Edge } from './edge.ts'
import { serveHttp } from './http-server.ts'
import { openRooms, type Rooms } from './rooms.ts'

export interface Played {
  rooms: Rooms
  edge: Edge
  connectors: readonly Connector[]
  sandboxes: Sandboxes
  somebody: () => Promise<ApiClient>
  /** A command of the control page. @param provider absent: for all of them */
  control: (command: Record<string, unknown>, provider?: string) => Promise<ControlAnswer>
  /** Up to the provider's answer. @param choices on the consent page @returns sends it to the application, and says what came of it */
  arrive: (client: ApiClient, connector: Connector, choices?: Readonly<Record<string, string>>) => Promise<() => Promise<Landed>>
  /** The stand-ins are there again, after `useSandbox(null)`. */
  resume: () => void
  close: () => Promise<void>
}

export interface ControlAnswer { done?: string, status?: number | null, faults?: { kind: string, calls: number | null }[], grants?: { id: string, account: string, actions: string[] }[] }
/** `error`: a code of `callbackErrors`. */
export type Landed = { integrationId: string } | { error: string }

export async function openPlayed(): Promise<Played> {
  const rooms = await openRooms()
  useConnectors(null)
  const connectors = allConnectors()
  // Nobody is configured for real: the rooms' own provider is not played here.
  for (const name of Object.keys(rooms.provider.env)) Reflect.deleteProperty(process.env, name)
  loadEnv(connectors)
  const edge = await startEdge()
  const origin = process.env.APP_URL ?? ''
  const toEdge = (address: string) => address.replace(origin, edge.url)
  const sandboxes = createSandboxes({ origin, directory: null, tell: (input, init) => fetch(toEdge(String(input)), init) })
  const served = await serveHttp(async (request, { outgoing }) => {
    const answer = await sandboxes.fetch(request)
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    // As it comes: whoever has enough of 50 MB hangs up.
    await pipeline(Readable.from(partsOf(answer)), outgoing).catch(() => outgoing.destroy())
    return null
  })
  const toServed = (address: string) => address.replace(origin, served.url)
  const resume = () => useSandbox({
    client: (provider) => {
      const client = sandboxes.client(provider)
      return client && { ...client, apiBase: toServed(client.apiBase), authBase: toServed(client.authBase) }
    },
    fetch: request => fetch(request),
  })
  resume()

  async function control(command: Record<string, unknown>, provider?: string): Promise<ControlAnswer> {
    const answer = await fetch(`${served.url}/sandbox${provider === undefined ? '' : `/${provider}`}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(command) })
    if (answer.status !== 200) throw new Error(`The control page answered ${answer.status}: ${await answer.text()}`)
    return await answer.json() as ControlAnswer
  }

  async function arriveByRole(client: ApiClient, { id }: Connector, guidePath: string): Promise<() => Promise<Landed>> {
    const flow = new URL(guidePath, edge.url).searchParams.get('flow') ?? ''
    const guide = expectStatus(await client.get<RoleGuide>(`/api/auth/${id}/role?flow=${flow}`), 200)
    const page = new URL(guide.sandbox_url ?? '')
    page.searchParams.delete('return_to')
    const { action, fields } = parseForm(await (await fetch(page)).text())
    // The first choice of each, as a browser has it.
    const made = await fetch(new URL(action, page), { method: 'POST', body: new URLSearchParams([...new Map([...fields].reverse())]) })
    const arn = /arn:aws:iam::\d+:role\/[\w-]+/.exec(await made.text())?.[0]
    return async () => {
      const answer = await client.post<{ integration_id: string, reason?: string, code?: string }>(`/api/auth/${id}/role`, { flow, role_arn: arn, regions: ['eu-west-1'] })
      return answer.status === 200 ? { integrationId: answer.body.integration_id } : { error: answer.body.reason ?? answer.body.code ?? answer.text }
    }
  }

  return {
    rooms, edge, connectors, sandboxes, control, resume,
    somebody: async () => {
      const client = new ApiClient(edge.url)
      await client.signUp(newPerson())
      return client
    },
    arrive: async (client, connector, choices) => {
      const login = await client.get(`/api/auth/${connector.id}/login`)
      expectStatus(login, 302)
      if (isRole(connector)) return arriveByRole(client, connector, login.location ?? '')
      let back = new URL(await consent(login.location ?? '', 'approve', choices))
      if (!new URL(login.location ?? '').searchParams.has('redirect_uri')) {
        // Past the page on which the app is installed, to consent.
        const location = new URL((await client.get(back.pathname + back.search)).location ?? '', edge.url)
        if (location.pathname === '/integrations') return async () => ({ error: location.searchParams.get('error') ?? location.href })
        back = new URL(await consent(location.href, 'approve', choices))
      }
      return async () => {
        const answer = await client.get(back.pathname + back.search)
        expectStatus(answer, 302)
        const to = new URL(answer.location ?? '', edge.url)
        return to.pathname === '/integrations' ? { error: to.searchParams.get('error') ?? to.href } : { integrationId: to.pathname.split('/').at(-1) ?? '' }
      }
    },
    close: async () => {
      useSandbox(null)
      useConnectors(null)
      await served.close()
      await edge.close()
      await rooms.close()
    },
  }
}

async function* partsOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  try {
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) yield part.value
  }
  finally {
    await reader?.cancel()
  }
}
