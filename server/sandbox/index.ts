/**
 * Local stand-ins for providers, mounted under `<origin>/sandbox/<provider>`, so that everything can be tried without
 * an account or a network. Nothing of the product is imported here: a stand-in that shared code with what it tests
 * would share its mistakes.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { awsStandIn } from './aws'
import { githubStandIn } from './github'
import { netlifyStandIn } from './netlify'
import { teller, type Rehearsed } from './rehearsal/commands'
import { answerControl } from './rehearsal/control'
import { openFaults } from './rehearsal/faults'
import { rehearsed } from './rehearsal/rehearse'
import type { Faults, StandIn, StandInClient } from './stand-in'
import { slackStandIn } from './slack'
import { fileStore, memoryStore, storedOnce } from './store'
import { supabaseStandIn } from './supabase'
import { vercelStandIn } from './vercel'

/** One line per provider. */
const standIns: Readonly<Record<string, StandIn>> = {
  supabase: supabaseStandIn,
  slack: slackStandIn,
  github: githubStandIn,
  vercel: vercelStandIn,
  netlify: netlifyStandIn,
  aws: awsStandIn,
}

/** As the control page calls them, where a capital is not enough. */
const names: Readonly<Record<string, string>> = { github: 'GitHub', aws: 'AWS' }
const nameOf = (provider: string) => names[provider] ?? provider.charAt(0).toUpperCase() + provider.slice(1)

const clientSchema = z.object({ clientId: z.string().min(1), clientSecret: z.string().min(1), settings: z.record(z.string(), z.string()).optional() })

export interface SandboxesOptions {
  /** The app's own address, without a trailing slash. */
  origin: string
  /** Where the registrations and tokens are kept; null: in memory, forgotten with the process. */
  directory: string | null
  now?: () => number
  /** For tests, by provider. */
  faults?: Readonly<Record<string, Faults>>
  /** For tests: others in the place of the product's. */
  standIns?: Readonly<Record<string, StandIn>>
  /** For tests: how the application is told of what happened. */
  tell?: typeof globalThis.fetch
}

export interface SandboxClient extends StandInClient { apiBase: string, authBase: string }

export interface Sandboxes {
  providers: string[]
  /** How the app reaches a provider's stand-in, or null when there is none. */
  client: (provider: string) => SandboxClient | null
  /** Stand-ins below `/sandbox/<provider>/`; at `/sandbox` and `/sandbox/<provider>` the pages on which faults are rehearsed. */
  fetch: (request: Request) => Promise<Response>
  /** How many faults are switched on at a provider. */
  faultsOn: (provider: string) => number
}

/**
 * Registers this app with every stand-in, once per directory, and mounts them.
 * @throws Error naming the file when stored state is damaged
 */
export function createSandboxes(options: SandboxesOptions): Sandboxes {
  const { origin, directory, now, tell = globalThis.fetch } = options
  const storeOf = (provider: string, file: string) => directory === null ? memoryStore() : fileStore(join(directory, provider, file))
  const rehearsals = new Map<string, Rehearsed & { name: string }>()
  const mounted = new Map(Object.entries(options.standIns ?? standIns).map(([provider, standIn]) => {
    const baseUrl = `${origin}/sandbox/${provider}`
    const client = registration(standIn, provider, directory)
    const sandbox = standIn.create({
      ...client,
      baseUrl,
      redirectUris: [`/api/auth/${provider}/callback`, ...standIn.callbackPaths ?? []].map(path => `${origin}${path}`),
      store: storeOf(provider, 'state.json'),
      now,
      faults: options.faults?.[provider],
    })
    let { fetch } = sandbox
    if (sandbox.rehearsal) {
      const { rehearsal } = sandbox
      const faults = openFaults(provider, storeOf(provider, 'faults.json'))
      rehearsals.set(provider, { name: nameOf(provider), rehearsal, faults, tell: teller(`${origin}/api/webhooks/${provider}`, tell) })
      fetch = rehearsed(sandbox, rehearsal, faults)
    }
    return [provider, { fetch, client: { ...client, apiBase: baseUrl, authBase: baseUrl } }]
  }))

  return {
    providers: [...mounted.keys()],
    client: provider => mounted.get(provider)?.client ?? null,
    faultsOn: provider => rehearsals.get(provider)?.faults.list().length ?? 0,
    fetch: async (request) => {
      const [, room, provider = '', ...rest] = new URL(request.url).pathname.split('/')
      if (room !== 'sandbox') return nothing()
      if (provider === '') return rest.length === 0 ? answerControl(request, undefined, { origin, providers: rehearsals }) : nothing()
      if (rest.length === 0 && rehearsals.has(provider)) return answerControl(request, provider, { origin, providers: rehearsals })
      return mounted.get(provider)?.fetch(request) ?? nothing()
    },
  }
}

const nothing = () => Response.json({ message: 'There is no such sandbox' }, { status: 404 })

/** The client id, its secret and the settings outlive the process: a stored integration keeps working after a restart. */
function registration(standIn: StandIn, provider: string, directory: string | null): StandInClient {
  if (directory === null) return standIn.register()
  const path = join(directory, provider, 'client.json')
  const fresh = standIn.register()
  const stored = clientSchema.safeParse(storedOnce(path, () => {
    const { settings, ...client } = fresh
    return settings ? { ...client, settings } : client
  }))
  if (!stored.success) throw new Error(`The sandbox's file ${path} is damaged: it holds no client. Delete it to register afresh.`)
  const { settings = {}, ...client } = stored.data
  const missing = Object.keys(fresh.settings ?? {}).some(name => !Object.hasOwn(settings, name))
  if (!missing) return stored.data
  // Written by an earlier version, which had fewer of them.
  const completed = { ...client, settings: { ...fresh.settings, ...settings } }
  fileStore(path).save(completed)
  return completed
}
