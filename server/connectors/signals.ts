/**
 * Facts that connections tell each other within an organization, in words that name no provider. A fact is about one resource,
 * is stored (`integration_signals`), and is read by the checks of `server/cross`. No secret and no person's data is ever one: of a
 * variable's value what is kept is its shape.
 */
import { z } from 'zod'

/** `host/path` of a repository, in lower case, without a scheme or `.git`: `github.com/acme/web`. */
const repository = z.string().min(1)
const host = z.string().min(1)

/** What a value looks like, where it could be read: enough to know a key from a word, and not the key. */
const valueShape = z.object({
  /** Of a URL. */
  host: host.nullable(),
  /** Whether the URL has a password in it. */
  hasPassword: z.boolean(),
  /** How a key that calls itself secret begins: `ab_secret_`. */
  secretPrefix: z.string().nullable(),
  /** The `role` claim of a JSON Web Token. */
  tokenRole: z.string().nullable(),
})
export type ValueShape = z.infer<typeof valueShape>

/** How the keys are recognized with which a server, and no browser, may come to a backend. */
const serverKeys = z.object({
  /** Parts of the names that such variables have, in capitals. */
  names: z.array(z.string()),
  /** Words in names that say: this key is made for browsers. */
  publicNames: z.array(z.string()),
  secretPrefixes: z.array(z.string()),
  tokenRoles: z.array(z.string()),
})
export type ServerKeys = z.infer<typeof serverKeys>

/** How far a fact is known. `moot`: the question has no meaning, as nothing can be changed any more, or the plan does not have it. */
const known = <T extends string>(yes: T, no: T) => z.object({ state: z.enum([yes, no, 'unknown', 'moot']), why: z.string() })

const schemas = {
  /** Production is built from this branch. Null: the provider did not say which. */
  deploys: z.object({ kind: z.literal('deploys'), repository, branch: z.string().nullable() }),
  repository: z.object({
    kind: z.literal('repository'),
    repository,
    /** The one that `protection` is about. */
    branch: z.string().nullable(),
    protection: known('protected', 'unprotected'),
    secretScanning: known('on', 'off'),
  }),
  /** A database and what stands before it. */
  backend: z.object({ kind: z.literal('backend'), hosts: z.array(host), keys: serverKeys }),
  /** A variable of a deployment holds this address. */
  uses_backend: z.object({ kind: z.literal('uses_backend'), host, variable: z.string() }),
  /** A variable that is built into what browsers get. `value` is null where it could not be read. */
  exposed_variable: z.object({ kind: z.literal('exposed_variable'), name: z.string(), value: valueShape.nullable() }),
}

export type SignalKind = keyof typeof schemas
export type Signal<K extends SignalKind = SignalKind> = { [P in K]: z.infer<typeof schemas[P]> }[K]
export const signalKinds = ['deploys', 'repository', 'backend', 'uses_backend', 'exposed_variable'] as const satisfies readonly SignalKind[]

/** Facts of one kind, as they were stored. @throws ZodError for what this version does not know */
export function parseSignals<K extends SignalKind>(kind: K, stored: unknown): Signal<K>[]
export function parseSignals(kind: SignalKind, stored: unknown): Signal[] {
  return z.array(schemas[kind]).parse(stored)
}

/** Facts of a kind, or a part of them, could not be learned. `why` is a sentence. */
export interface Unknown { kind: 'unknown', of: SignalKind, why: string }

/** An answer that a publisher asked for and did not get. */
export class Unread {
  /** @param why a sentence @param byPlan the account's plan does not have it: there is none */
  constructor(readonly why: string, readonly byPlan = false) {}
}

/** `https://GitHub.com/Acme/Web.git` → `github.com/acme/web`; null for what is no address of a repository. */
export function repositoryAddress(url: string): string | null {
  const text = url.trim().replace(/^(?:[a-z+]+:\/\/)?(?:[^@/\s]+@)?/i, '').replace(':', '/').replace(/(?:\.git)?\/*$/i, '').toLowerCase()
  return /^[a-z\d-]+(?:\.[a-z\d-]+)+(?:\/[\w.-]+){2,}$/.test(text) ? text : null
}

/** What `exposed_variable` keeps of a value. */
export function shapeOf(value: string): ValueShape {
  const text = value.trim()
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null
  return {
    host: url?.hostname.toLowerCase() || null,
    hasPassword: Boolean(url?.password),
    secretPrefix: /^([a-z]{2,8}_secret_)[\w-]{16,}$/.exec(text)?.[1] ?? null,
    tokenRole: tokenRole(text),
  }
}

const claims = z.object({ role: z.string().regex(/^[a-z_]{1,40}$/) })

function tokenRole(text: string): string | null {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(text)?.[1]
  if (!payload) return null
  try {
    return claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data?.role ?? null
  }
  catch {
    return null
  }
}

/** Put into the page by the framework that builds it, by the beginning of the name. */
const browserPrefix = /^(?:(?:NEXT_|NUXT_|EXPO_|SNOWPACK_)?PUBLIC|NUXT_ENV|VITE|REACT_APP|GATSBY|VUE_APP|NG_APP|REDWOOD_ENV|SANITY_STUDIO|STORYBOOK)_/

/** What is left of the name of such a variable, in which `PUBLIC` may mean something else. */
export function withoutBrowserPrefix(name: string): string {
  return name.replace(browserPrefix, '')
}

/** The facts of one variable. @param value null: it could not be read */
export function variableSignals(name: string, value: ValueShape | null): Signal<'uses_backend' | 'exposed_variable'>[] {
  const variable = name.slice(0, 200)
  return [
    ...browserPrefix.test(name) ? [{ kind: 'exposed_variable' as const, name: variable, value }] : [],
    ...value?.host ? [{ kind: 'uses_backend' as const, host: value.host, variable }] : [],
  ]
}
