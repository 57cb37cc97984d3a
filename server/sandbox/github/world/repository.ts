import type { JsonValue } from '../../store'

/** Of an active ruleset. */
export interface Rule { type: string, parameters?: { [key: string]: JsonValue } }

export interface SandboxRepository {
  id: number
  name: string
  visibility: 'public' | 'private'
  language: string | null
  archived?: boolean
  /** No branch at all. */
  empty?: boolean
  /** Classic protection of `main`. */
  protection?: { approvals: number, dismissStale: boolean, admins: boolean, forcePushes?: boolean, checks: readonly string[] }
  rules?: readonly Rule[]
  /** Undefined: off. */
  secretScanning?: { pushProtection: boolean, open: readonly string[] }
  /** Critical open alerts, by package; undefined: off. */
  dependabot?: readonly string[]
  /** Critical open alerts, by rule; undefined: nothing was ever analysed. */
  codeScanning?: readonly string[]
  deployKeys?: readonly { title: string, readOnly: boolean }[]
}
