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
}

export interface SandboxClient extends StandInClient { apiBase: string, authBase: string }

export interface Sandboxes {
  providers: string[]
  /** How the app reaches a provider's stand-in, or null when there is none. */
  client: (provider: string) => SandboxClient | null
  fetch: (request: Request) => Promise<Response>
}

/**
 * Registers this app with every stand-in, once per directory, and mounts them.
 * @throws Error naming the file when stored state is damaged
 */
export function createSandboxes(options: SandboxesOptions): Sandboxes {
  const { origin, directory, now } = options
  const mounted = new Map(Object.entries(options.standIns ?? standIns).map(([provider, standIn]) => {
    const baseUrl = `${origin}/sandbox/${provider}`
    const client = registration(standIn, provider, directory)
    const sandbox = standIn.create({
      ...client,
      baseUrl,
      redirectUris: [`/api/auth/${provider}/callback`, ...standIn.callbackPaths ?? []].map(path => `${origin}${path}`),
      store: directory === null ? memoryStore() : fileStore(join(directory, provider, 'state.json')),
      now,
      faults: options.faults?.[provider],
    })
    return [provider, { sandbox, client: { ...client, apiBase: baseUrl, authBase: baseUrl } }]
  }))

  return {
    providers: [...mounted.keys()],
    client: provider => mounted.get(provider)?.client ?? null,
    fetch: async (request) => {
      const [, room, provider = ''] = new URL(request.url).pathname.split('/')
      const found = room === 'sandbox' ? mounted.get(provider) : undefined
      return found ? found.sandbox.fetch(request) : Response.json({ message: 'There is no such sandbox' }, { status: 404 })
    },
  }
}

/** The client id, its secret and the settings outlive the process: a stored integration keeps working after a restart. */
function registration(standIn: StandIn, provider: string, directory: string | null): StandInClient {
  if (directory === null) return standIn.register()
  const path = join(directory, provider, 'client.json')
  const stored = clientSchema.safeParse(storedOnce(path, () => {
    const { settings, ...client } = standIn.register()
    return settings ? { ...client, settings } : client
  }))
  if (!stored.success) throw new Error(`The sandbox's file ${path} is damaged: it holds no client. Delete it to register afresh.`)
  return stored.data
}
