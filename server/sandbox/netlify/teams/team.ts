import type { JsonValue } from '../../store'

const day = 86_400_000

/** Dates are counted from now, so that they stay believable. */
type Dated = (now: number) => JsonValue

export interface SandboxSite {
  id: string
  name: string
  ageInDays: number
  /** What is particular to it, over `describe.ts`. */
  settings: { [key: string]: JsonValue }
  /** Over the settings of a build from a repository; none without one. */
  build?: { [key: string]: JsonValue }
  certificate?: Dated
  hooks: readonly Dated[]
  variables: readonly JsonValue[]
}

export interface SandboxTeam {
  /** 24 hexadecimal digits. */
  id: string
  slug: string
  name: string
  plan: string
  settings: { [key: string]: JsonValue }
  members: readonly Dated[]
  /** Variables that all sites share, where the plan has them. */
  shared: { body: JsonValue } | { refused: [number, string] }
  audit: (now: number) => { list: JsonValue[] } | { refused: [number, string] }
  sites: readonly SandboxSite[]
}

export function daysAgo(now: number, days: number): string {
  return new Date(now - days * day).toISOString()
}
