import type { JsonValue } from '../../store'

const day = 86_400_000

export interface SandboxProject {
  /** 20 lower-case letters. */
  ref: string
  name: string
  region: string
  ageInDays: number
  postgres: { major: string, version: string }
  /** By the path below `/v1/projects/{ref}`; dates are counted from now, so that they stay believable. */
  reads: Readonly<Record<string, (now: number) => JsonValue>>
}

export function daysAgo(now: number, days: number): string {
  return new Date(now - days * day).toISOString()
}
