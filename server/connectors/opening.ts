/** What the operator sets, and what a connector gets to open its API. Part of the contract. */
import type { GrantFacts } from './endpoint'

/** What a connector needs to reach its API in a way of its own. */
export interface Opening {
  /** What is stored as the grant's main token. */
  credential: string
  clientId: string
  clientSecret: string
  /** In the place of the provider's own hosts; null: those. */
  apiBase: string | null
  settings: Settings
  facts: GrantFacts
  /** An id of ours that may stand in the provider's own log; null: there is none yet. */
  reference: string | null
  fetch: typeof fetch
  signal?: AbortSignal
}

/** What the operator sets for a connector beside client id, secret and addresses, by the setting's name. */
export type Settings = Readonly<Record<string, string | undefined>>

/** `<PROVIDER>_<NAME>` in the environment. */
export interface SettingDescription {
  name: string
  /** What it is and where to find it, for a person who has to fill it in. */
  description: string
  secret: boolean
  /** Without it the provider is not configured. */
  required: boolean
  /** What every value looks like: one that does not is a fault of the environment. */
  pattern?: RegExp
  /** What is wrong with a value, as the end of a sentence that begins with the variable's name, and without quoting it. Null: nothing. */
  fault?: (value: string) => string | null
}
