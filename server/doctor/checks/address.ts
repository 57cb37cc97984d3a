import { isIP } from 'node:net'
import { z } from 'zod'
import { ProviderError } from '#server/errors'
import { Fault, Skipped, type Check } from '../contract'
import { causeOf, reach, remedyFor } from '../outgoing'

/** APP_URL: fit for people and providers, and this app behind it. */
export const address: Check = {
  name: 'address',
  async run(context) {
    const { appUrl, production, web, trustProxy } = context.env()
    const problem = addressFault(appUrl, { production, port: context.port })
    if (problem) throw problem
    if (!web) throw new Skipped('this process serves no pages')
    const note = appUrl.startsWith('https:') && !trustProxy ? '; TRUST_PROXY is 0, so the proxy\'s address stands in the audit log' : ''
    return `${await expectApp(appUrl, context.now, clock => context.clocks.push(clock))}${note}`
  },
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** What is wrong with it by itself. @param port where the process listens */
export function addressFault(appUrl: string, { production, port }: { production: boolean, port: string | null }): Fault | null {
  const { protocol, hostname, port: named } = new URL(appUrl)
  if (production && protocol === 'http:' && !isLoopback(hostname)) {
    return new Fault(`APP_URL is ${appUrl}: sessions and credentials would cross the network in the clear`, 'put a proxy with TLS in front and set APP_URL to its https address')
  }
  // A proxy in front has a port of its own; on this machine itself there is none.
  const listens = port ?? '3000'
  if (protocol === 'http:' && isLoopback(hostname) && (named || '80') !== listens) {
    return new Fault(`APP_URL is ${appUrl}, and the app listens on port ${listens}`, `set APP_URL to http://${hostname}:${listens}, or PORT to ${named || '80'}`)
  }
  return null
}

const healthSchema = z.object({ status: z.string(), checks: z.object({ database: z.boolean(), queue: z.boolean() }) })

async function expectApp(appUrl: string, now: () => number, note: (clock: { whose: string, skewMs: number }) => void): Promise<string> {
  const { answer, status, clock } = await reach(appUrl, '/api/health', now).catch((error: unknown) => {
    if (!(error instanceof ProviderError)) throw error
    const cause = causeOf(error)
    if (cause === 'ECONNREFUSED') throw new Skipped(`${appUrl}: the app does not run, or not there`)
    throw new Fault(`${appUrl} can't be reached from here (${cause})`, remedyFor(cause, new URL(appUrl).host, 'APP_URL'))
  })
  if (clock) note(clock)
  const health = answer?.body.kind === 'json' ? healthSchema.safeParse(answer.body.value) : null
  if (!health?.success) throw new Fault(`${appUrl} answers ${status ?? 'something'}, and not as this app`, 'have APP_URL, and the proxy behind it, lead to this app')
  const { database, queue } = health.data.checks
  if (!database || !queue) throw new Fault(`the app at ${appUrl} runs without its ${database ? 'queue' : 'database'}`, 'look at its log, and at the other lines here')
  return `the app answers at ${appUrl}`
}
