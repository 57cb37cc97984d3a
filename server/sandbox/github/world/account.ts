import type { JsonValue } from '../../store'
import type { SandboxRepository } from './repository'

/** Who has the app installed. */
export interface SandboxAccount {
  id: number
  login: string
  name: string
  type: 'Organization' | 'User'
  installationId: number
  /** Whether the plan protects private repositories. */
  paid: boolean
  repositories: readonly SandboxRepository[]
  /** Of organizations: what the owners see of it, by the path below `/orgs/{org}`. */
  organization?: OrganizationState
}

export interface OrganizationState {
  settings: { [key: string]: JsonValue }
  owners: readonly { id: number, login: string }[]
  actions: { [key: string]: JsonValue }
  workflow: { [key: string]: JsonValue }
  hooks: readonly { host: string, insecureSsl: '0' | '1', signed: boolean }[]
}
