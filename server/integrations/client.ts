/** Which registration of ours speaks to a provider: the operator's, or the local stand-in's. */
import type { Connector } from '#server/connectors/contract'
import { AppError } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { env } from '#server/utils/env'
import { countedFetch } from '#server/utils/metrics'

/** The sandbox as this room needs it; server/plugins hands it in when SANDBOX=1. */
export interface SandboxClients {
  client: (provider: string) => { clientId: string, clientSecret: string, settings?: Record<string, string>, apiBase: string, authBase: string } | null
  fetch: (request: Request) => Promise<Response>
  /** How many faults are being rehearsed at a provider. */
  faultsOn?: (provider: string) => number
}

let sandbox: SandboxClients | null = null

export function useSandbox(next: SandboxClients | null): void {
  sandbox = next
}

/** Null while the sandbox is off. */
export function sandboxFetch(): SandboxClients['fetch'] | null {
  return sandbox && sandbox.fetch
}

/** Of the faults that are rehearsed at a provider's stand-in; 0 while the sandbox is off. */
export function rehearsedFaults(provider: string): number {
  return sandbox?.faultsOn?.(provider) ?? 0
}

export function redirectUri(connector: Connector): string {
  return `${env().appUrl}/api/auth/${connector.id}/callback`
}

/** Where a provider sends what happened there; null: it sends nothing. */
export function webhookUri(connector: Connector): string | null {
  return connector.webhooks ? `${env().appUrl}/api/webhooks/${connector.id}` : null
}

/** Environment variables that are not set, without which the provider can't be used for real. */
export function missingConfiguration(connector: Connector): string[] {
  return env().provider(connector).missing
}

/**
 * @param inSandbox what the integration was granted by: a stand-in's token is never sent to the real provider
 * @throws AppError not_configured
 */
export function clientFor(connector: Connector, inSandbox: boolean): OAuthClient {
  const client = inSandbox ? sandboxClient(connector) : configuredClient(connector)
  if (!client) {
    throw new AppError('not_configured', inSandbox
      ? `${connector.name} was connected in the sandbox, which is off (SANDBOX).`
      : `Set ${missingConfiguration(connector).join(' and ')}.`)
  }
  return client
}

/** What a new connection goes through: the real provider when it is configured, else the stand-in where there is one. */
export function clientToConnect(connector: Connector): { client: OAuthClient, inSandbox: boolean } | null {
  const configured = configuredClient(connector)
  if (configured) return { client: configured, inSandbox: false }
  const standIn = sandboxClient(connector)
  return standIn && { client: standIn, inSandbox: true }
}

/** Every registration that there is: what may call us. */
export function clientsOf(connector: Connector): { client: OAuthClient, inSandbox: boolean }[] {
  const [configured, standIn] = [configuredClient(connector), sandboxClient(connector)]
  return [...configured ? [{ client: configured, inSandbox: false }] : [], ...standIn ? [{ client: standIn, inSandbox: true }] : []]
}

function configuredClient(connector: Connector): OAuthClient | null {
  const { clientId, clientSecret, apiUrl, authUrl, settings, missing } = env().provider(connector)
  if (!clientId || !clientSecret || missing.length > 0) return null
  const apiBase = apiUrl ?? connector.hosts.api
  return {
    connector, clientId, clientSecret, apiBase, redirectUri: redirectUri(connector), settings, fetch: countedFetch(connector.id, globalThis.fetch),
    // An installation that names only the API has its authorization server there too, unless the provider splits them.
    authBase: authUrl ?? (apiUrl && !connector.hosts.auth ? apiUrl : connector.hosts.auth ?? apiBase),
  }
}

function sandboxClient(connector: Connector): OAuthClient | null {
  const standIn = sandbox
  const registered = standIn?.client(connector.id)
  if (!standIn || !registered) return null
  const fetch = countedFetch(connector.id, async (input, init) => standIn.fetch(new Request(input, init)))
  const { clientId, clientSecret, apiBase, authBase, settings = {} } = registered
  return { connector, clientId, clientSecret, apiBase, authBase, settings, redirectUri: redirectUri(connector), fetch, inSandbox: true }
}
