/** A provider's stand-in as a server of its own, as far away as the real one, with what it was asked and what it answered. */
import { randomBytes } from 'node:crypto'
import type { Connector } from '#server/connectors/contract'
import type { Sandbox, StandIn, StandInClient } from '#server/sandbox/stand-in'
import { memoryStore } from '#server/sandbox/store'
import { settingVariable } from '#server/utils/env-schema'
import { freePort } from './free-port.ts'
import { serveHttp } from './http-server.ts'

export interface Exchange {
  method: string
  path: string
  query: URLSearchParams
  /** The body's, where it is a form. */
  fields: Record<string, string>
  authorization: string | null
  /** The request's body as it came. */
  sent: string
  status: number
  /** The answer's media type, or null. */
  type: string | null
  answer: string
}

export interface ServedStandIn {
  url: string
  client: StandInClient
  /** What the app needs in its environment to take it for the real provider. */
  env: Record<string, string>
  /** In the order in which they came. */
  exchanges: Exchange[]
  /** Turns the stand-in's clock, and nobody else's. */
  advance: (seconds: number) => void
  /** As it was created, for what only its own kind can. */
  sandbox: Sandbox
  close: () => Promise<void>
}

/** @param appUrl where the app says that it is: its callback is the one address that people are sent back to */
export async function serveStandIn(connector: Connector, standIn: StandIn, appUrl: string): Promise<ServedStandIn> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const client = standIn.register()
  let ahead = 0
  const sandbox = standIn.create({
    ...client, baseUrl: url, store: memoryStore(), now: () => Date.now() + ahead,
    redirectUris: [`/api/auth/${connector.id}/callback`, ...standIn.callbackPaths ?? []].map(path => `${appUrl}${path}`),
  })
  const exchanges: Exchange[] = []
  const server = await serveHttp(async (request) => {
    const copy = request.clone()
    const response = await sandbox.fetch(request)
    exchanges.push(await exchangeOf(copy, response.clone()))
    return response
  }, { port })
  return { url, client, env: environmentOf(connector, client, url), exchanges, advance: (seconds) => { ahead += seconds * 1000 }, sandbox, close: server.close }
}

async function exchangeOf(request: Request, response: Response): Promise<Exchange> {
  const sent = await request.text()
  const isForm = /^application\/x-www-form-urlencoded/.test(request.headers.get('content-type') ?? '')
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    query: new URL(request.url).searchParams,
    fields: isForm ? Object.fromEntries(new URLSearchParams(sent)) : {},
    authorization: request.headers.get('authorization'),
    sent,
    status: response.status,
    type: response.headers.get('content-type'),
    answer: await response.text(),
  }
}

/** Settings that the stand-in has no word about are keys of ours: they get a value. */
function environmentOf(connector: Connector, { clientId, clientSecret, settings = {} }: StandInClient, url: string): Record<string, string> {
  const own = { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, API_URL: url, AUTH_URL: url }
  const keys = Object.fromEntries((connector.settings ?? []).filter(setting => setting.secret).map(setting => [setting.name, randomBytes(32).toString('hex')]))
  return Object.fromEntries(Object.entries({ ...own, ...keys, ...settings }).map(([name, value]) => [settingVariable(connector.id, name), value]))
}
