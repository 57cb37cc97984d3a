import type { JsonValue } from '../../store'
import type { XmlValue } from '../wire'

const day = 86_400_000

/** Dates are counted from now, so that they stay believable. */
export const daysAgo = (now: number, days: number) => new Date(now - days * day).toISOString().replace(/\.\d+Z$/, '+00:00')

/** A row of the credential report; days are counted from now, null: never. */
export interface SandboxUser {
  name: string
  password: { lastUsed: number | null, changed: number } | null
  mfa: boolean
  keys: readonly { rotated: number, lastUsed: number | null }[]
}

export interface SandboxKey { id: string, manager: 'CUSTOMER' | 'AWS', spec?: string, rotates?: boolean }

export interface SandboxRegion {
  /** Of GuardDuty's detectors: `ENABLED`, `DISABLED`. */
  detectors: readonly string[]
  groups: readonly { id: string, name: string, rules: readonly { protocol: string, from?: number, to?: number, four?: readonly string[], six?: readonly string[], lists?: readonly string[] }[] }[]
  ebsEncrypted: boolean
  databases: readonly { id: string, engine: string, public: boolean, encrypted: boolean, backupDays: number }[]
  keys: readonly SandboxKey[]
}

export interface SandboxAccount {
  id: string
  /** Of the page that makes roles. */
  title: string
  alias: string | null
  summary: Readonly<Record<string, number>>
  /** Null: AWS's own policy. */
  passwordPolicy: XmlValue | null
  users: readonly SandboxUser[]
  publicAccessBlock: XmlValue | null
  trails: readonly { [name: string]: JsonValue }[]
  regions: Readonly<Record<string, SandboxRegion>>
  /** Actions that the organization denies to everybody. */
  denied: readonly string[]
}

export const emptyRegion: SandboxRegion = {
  detectors: [],
  groups: [{ id: 'sg-0d1e2f3a4b5c6d7e8', name: 'default', rules: [] }],
  ebsEncrypted: false,
  databases: [],
  keys: [],
}
