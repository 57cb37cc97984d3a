import type { JsonValue } from '../store'

export interface SandboxProject {
  /** `prj_…` */
  id: string
  name: string
  ageInDays: number
  /** What is particular to it; the rest of the wire shape comes from `shapes.ts`. Dates are counted from now. */
  settings: (now: number) => Readonly<Record<string, JsonValue>>
  domains: readonly { name: string, verified: boolean }[]
  /** `value`: in the place of one that nobody may keep. */
  variables: readonly { key: string, type: 'plain' | 'encrypted' | 'sensitive', target: readonly string[], value?: string }[]
  /** From where it is built; default: from a repository of the account's own. */
  repository?: { org: string, repo: string }
}

export interface SandboxMember { username: string, name: string, role: string, confirmed: boolean, ageInDays: number }

/** Where the integration can be installed. */
export interface SandboxAccount {
  /** `team_…`, or null for a personal account. */
  teamId: string | null
  /** Of the person who installs: `usr_…`. */
  userId: string
  username: string
  name: string
  slug: string
  projects: readonly SandboxProject[]
  /** What is particular to a team. */
  settings: Readonly<Record<string, JsonValue>>
  members: readonly SandboxMember[]
  invitations: readonly { email: string, role: string, ageInDays: number }[]
}

const day = 86_400_000

/** Milliseconds since 1970, as Vercel writes times. */
export function daysAgo(now: number, days: number): number {
  return now - days * day
}
