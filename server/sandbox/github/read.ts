import type { JsonValue } from '../store'

/** One GET that the stand-in offers. */
export interface Read {
  /** Of a GitHub App, without `:read`. */
  permission: string
  /** Of an OAuth App; null: any token will do. */
  scope: 'repo' | 'read:org' | 'admin:org' | 'admin:org_hook' | null
  /** What a person gets who owns neither the organization nor the account. Default: the same as who does. */
  forOthers?: Outcome
  answer: (query: URLSearchParams) => Outcome
}

export type Outcome
  = | { value: JsonValue }
    /** Comes in pages; `under`: inside an object, with `total_count` beside it. */
    | { list: readonly JsonValue[], under?: string }
    | { status: number, message: string }

/** Scopes that an OAuth App's scope includes. */
const includes: Readonly<Record<string, readonly string[]>> = { 'admin:org': ['read:org'] }

export function holdsScope(granted: readonly string[], scope: Read['scope']): boolean {
  return scope === null || granted.some(one => one === scope || (includes[one] ?? []).includes(scope))
}
