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

/** `page`: a person's browser. `token`: whatever gives out credentials. `api`: all the rest. */
export type CallKind = 'page' | 'token' | 'api'

/** A provider's call to the application, signed as that provider signs. */
export interface SignedDelivery { headers: Record<string, string>, body: string }

/** Something that can happen to a grant at the provider, and the delivery with which the provider tells of it, if it does. */
export interface GrantAction { id: string, label: string, run: () => SignedDelivery | null }

export interface SeenGrant {
  id: string
  /** Whose: names only, no token. */
  account: string
  detail: string
  /** Milliseconds since 1970; null: not known. */
  since: number | null
  actions: readonly GrantAction[]
}

/** What can be rehearsed at a stand-in, in the provider's own words. */
export interface Rehearsal {
  kindOf: (request: Request) => CallKind | Promise<CallKind>
  /** @param seconds until it takes calls again */
  rateLimited: (request: Request, seconds: number) => Response | Promise<Response>
  failed: (request: Request) => Response | Promise<Response>
  /** The true answer, but for a list always with a further page. Absent: no list that is read has pages. */
  endless?: (request: Request) => Promise<Response>
  /** Whether there is a page on which consent is given. */
  asksConsent: boolean
  grants: () => SeenGrant[]
  endGrants: () => void
}

export interface Sandbox {
  fetch: (request: Request) => Promise<Response>
  rehearsal?: Rehearsal
}

/** What server/sandbox/index.ts needs to know of a provider's stand-in. */
export interface StandIn {
  /** A fresh registration, in the provider's own format. */
  register: () => StandInClient
  create: (options: StandInOptions) => Sandbox
  /** Paths of this app, beside `/api/auth/<provider>/callback`, that may receive its answers. */
  callbackPaths?: readonly string[]
}
