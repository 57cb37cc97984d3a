/** What a check of a deployment is. Each looks at one thing, changes nothing, and says how to mend what it finds. */
import type { Migration } from '#server/database/migrations'
import type { Inspection } from '#server/database/inspect'
import type { Env, EnvironmentFault } from '#server/utils/env'

/** No field ever holds a secret. */
export interface Result {
  name: string
  ok: boolean | 'skipped'
  detail: string
  /** Of what is not ok. */
  fix?: string
}

/** Ends a check: there is nothing to look at, for this reason. */
export class Skipped extends Error {
  override name = 'Skipped'
}

/** What a check found wrong, where it can't go on. */
export class Fault extends Error {
  override name = 'Fault'
  constructor(detail: string, readonly fix: string) {
    super(detail)
  }
}

/** How many stored values and wrapped keys one key holds. */
export interface KeyHolding { kind: string, keyId: string | null, held: number, known: boolean }
export type KeyCensus = (query: Inspection['query']) => Promise<KeyHolding[]>

export interface Clock { whose: string, skewMs: number }

export interface Context {
  faults: readonly EnvironmentFault[]
  /** @throws Skipped while the environment has faults */
  env: () => Env
  /** As the process would listen: NITRO_PORT or PORT. */
  port: string | null
  migrations: () => Promise<Migration[]>
  /** Opened with the first call. @throws Skipped; whatever keeps it from being opened */
  database: () => Promise<Inspection>
  /** @throws Skipped when the database is away: its own check says why */
  query: Inspection['query']
  keyCensus: KeyCensus
  /** Others' clocks, as far as the checks before met any. */
  clocks: Clock[]
  now: () => number
}

export interface Check {
  name: string
  /** Several results where it looks at several things. @throws Skipped, Fault */
  run: (context: Context) => Promise<string | (Omit<Result, 'name'> & { name?: string })[]>
}
