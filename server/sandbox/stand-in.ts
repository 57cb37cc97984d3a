import type { SandboxStore } from './store'

/** An OAuth client registered at a stand-in, with what else an operator would copy from its page: the app's name, keys. */
export interface StandInClient { clientId: string, clientSecret: string, settings?: Record<string, string> }

/** Answers instead of the stand-in when it returns something: lets a test break the provider on purpose. */
export type Faults = (request: Request) => Response | Promise<Response> | undefined

export interface StandInOptions extends StandInClient {
  /** Where it is mounted, without a trailing slash: `http://localhost:3000/sandbox/<provider>`. */
  baseUrl: string
  redirectUris: string[]
  store: SandboxStore
  /** Milliseconds since 1970; tests turn the clock. */
  now?: () => number
  faults?: Faults
}

export interface Sandbox { fetch: (request: Request) => Promise<Response> }

/** What server/sandbox/index.ts needs to know of a provider's stand-in. */
export interface StandIn {
  /** A fresh registration, in the provider's own format. */
  register: () => StandInClient
  create: (options: StandInOptions) => Sandbox
  /** Paths of this app, beside `/api/auth/<provider>/callback`, that may receive its answers. */
  callbackPaths?: readonly string[]
}
