/**
 * A second, independent opinion: `emulate` (Vercel Labs), which knows nothing of this product. Our requests have to be understood
 * there and its answers by our parsers. It is a lenient provider with gaps: what it gets wrong, or does not have, is listed by each
 * test with the reason, and what is listed has to be so: a gap that is filled fails the test as well.
 */
import { createEmulator, type Emulator, type EmulatorOptions } from 'emulate'
import type { ApiReader, Connector, Endpoint, ResourceDescription } from '#server/connectors/contract'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { newState } from '#server/oauth/state'
import { evaluate, sharedReader } from '#server/scanner/evaluate'
import { parseForm } from '../../support/consent.ts'

export const appUrl = 'http://localhost:3999'
export const redirectUri = `${appUrl}/callback`

export function openEmulator(service: 'github' | 'slack' | 'vercel' | 'aws', seed: EmulatorOptions['seed']): Promise<Emulator> {
  return createEmulator({ service, seed, port: 0 })
}

export function clientAt(url: string, connector: Connector, registered: { clientId: string, clientSecret: string }, fetch: OAuthClient['fetch'] = globalThis.fetch): OAuthClient {
  return { connector, ...registered, apiBase: url, authBase: url, redirectUri, settings: {}, fetch }
}

/** Why an answer is not the provider's, and what we make of it: null for "there is none". */
export interface Difference { because: string, outcome: ProviderErrorKind | null }
export type Opinions<Id extends string = string> = Readonly<Record<Id, 'understood' | Difference>>

export const absent: Difference = { because: 'emulate does not have this call', outcome: 'not_found' }

/** Of a module of endpoints. */
export function endpointsIn(exported: Readonly<Record<string, unknown>>): Endpoint[] {
  return Object.values(exported).filter((value): value is Endpoint => typeof value === 'object' && value !== null && 'path' in value && 'schema' in value)
}

/** @returns by endpoint: `understood`, the kind of the refusal, or null where there is nothing */
export async function ask(api: ApiReader, endpoints: readonly Endpoint[], resourceFor: (endpoint: Endpoint) => ResourceDescription) {
  const said: Record<string, string | null> = {}
  for (const endpoint of endpoints) {
    try {
      said[endpoint.id] = await api.get(endpoint, resourceFor(endpoint)) === null ? null : 'understood'
    }
    catch (error) {
      if (!(error instanceof ProviderError)) throw error
      said[endpoint.id] = error.kind
    }
  }
  return said
}

export function expected(opinions: Opinions): Record<string, string | null> {
  return Object.fromEntries(Object.entries(opinions).map(([id, opinion]) => [id, opinion === 'understood' ? opinion : opinion.outcome]))
}

/** Checks that pass although a call that they read was not understood: there must be none. */
export async function passesInTheDark(connector: Connector, api: ApiReader, resource: ResourceDescription, opinions: Opinions): Promise<string[]> {
  const reader = sharedReader(api)
  const dark = connector.checks.filter(check => (check.kinds?.includes(resource.kind) ?? true) && Object.values(check.reads).some(endpoint => opinions[endpoint.id] !== 'understood'))
  const verdicts = await Promise.all(dark.map(async check => [check.id, (await evaluate(connector, check, resource, reader, [], new Date())).verdict] as const))
  return verdicts.filter(([, verdict]) => verdict === 'pass').map(([id]) => id)
}

/**
 * The page on which one chooses who one is: there is a form for each person, and no "no".
 * @returns where the browser goes then
 */
export async function chooseAt(client: OAuthClient, codeVerifier: string | null, person: string): Promise<URL> {
  const url = await authorizeUrl(client, { state: newState(), codeVerifier })
  const page = await fetch(url, { redirect: 'manual' })
  const html = await page.text()
  if (page.status !== 200) throw new Error(`There is no such page: ${page.status} ${url.pathname}`)
  const form = html.match(/<form[\s\S]*?<\/form>/g)?.find(one => one.includes(person))
  const { action, fields } = parseForm(form ?? html)
  const answer = await fetch(new URL(action, url), { method: 'POST', body: fields, redirect: 'manual' })
  const back = new URL(answer.headers.get('location') ?? '')
  if (back.searchParams.get('state') !== url.searchParams.get('state')) throw new Error('The state did not come back')
  return back
}
