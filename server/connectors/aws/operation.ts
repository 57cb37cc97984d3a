/** A call of AWS's as an endpoint: which action it is, how the SDK makes it, and what of the answer may leave the parser. */
import type { Endpoint, GrantFacts, ResourceDescription, Trust } from '../contract'
import { ProviderError } from '#server/errors'
import type { Service, ServiceName } from './services'

/** The one permission: what AWS's managed policy of that name allows. */
export const scope = 'SecurityAudit'

/** What an operation may use to ask. */
export interface Asking {
  facts: GrantFacts
  /** @param region default: that of the global services */
  service: <N extends ServiceName>(name: N, region?: string) => Promise<Service<N>>
  /** Waits, unless the whole is over. */
  wait: (milliseconds: number) => Promise<void>
  trust: () => Promise<Trust>
}

export interface Operation<T = unknown> extends Endpoint<T> {
  ask: (asking: Asking, resource: ResourceDescription) => Promise<unknown>
  /** Codes of services with which they say "there is no such thing": beside `absent`. */
  absentCodes?: readonly string[]
}

interface Described<T> extends Pick<Endpoint<T>, 'id' | 'schema'> {
  /** `iam:GetAccountSummary`: what errors name. */
  action: string
  ask: Operation<T>['ask']
}

export function operation<T>({ action, ...rest }: Described<T>): Operation<T> {
  return { ...rest, path: () => action, scope }
}

/** As `operation`, for what may not be there. */
export function optional<T>({ absentCodes, ...described }: Described<T> & { absentCodes: readonly string[] }): Operation<T> & { absent: readonly number[] } {
  return { ...operation(described), absent: [404], absentCodes }
}

export function isOperation<T>(endpoint: Endpoint<T>): endpoint is Operation<T> {
  return 'ask' in endpoint
}

/** The region of a resource of that kind. */
export function regionOf({ metadata }: ResourceDescription): string | undefined {
  return typeof metadata.region === 'string' ? metadata.region : undefined
}

/** Pages that one operation reads at most: an answer that was cut is none. */
const MOST_PAGES = 100

/** A list that goes on with a token. */
export async function everyPage<A, T>(action: string, ask: (token: string | undefined) => Promise<A>, read: (answer: A) => { items: readonly T[] | undefined, next: string | undefined }): Promise<T[]> {
  const all: T[] = []
  const seen = new Set<string>()
  for (let token: string | undefined; ;) {
    const { items, next } = read(await ask(token))
    // Without a list it is no answer: an empty one comes as such.
    if (items === undefined) throw new ProviderError('unexpected_shape', action)
    all.push(...items)
    if (!next) return all
    if (seen.has(next)) throw new ProviderError('unexpected_shape', action, { cause: new Error('the pages go round in a circle') })
    seen.add(next)
    if (seen.size >= MOST_PAGES) throw new ProviderError('too_large', action)
    token = next
  }
}
