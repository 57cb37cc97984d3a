/** Whose GitLab it is, and what is in it. Shapes: https://docs.gitlab.com/api/projects/ and the pages of the other calls. */
import type { JsonValue } from '../store'

export const person = { id: 4711, username: 'ines.okafor', name: 'Ines Okafor', state: 'active' }

export interface SandboxProject {
  id: number
  path: string
  branch: string | null
  archived?: boolean
  waits: boolean
  builds?: 'enabled' | 'disabled'
  rules: { name: string, force: boolean }[]
  limited: boolean
}

export const projects: readonly SandboxProject[] = [
  { id: 101, path: 'brightwater/storefront', branch: 'main', waits: true, rules: [{ name: 'main', force: false }, { name: 'release/*', force: false }], limited: true },
  { id: 102, path: 'brightwater/importer', branch: 'trunk', waits: false, rules: [{ name: 'main', force: false }], limited: false },
  { id: 103, path: 'brightwater/notes', branch: null, waits: false, builds: 'disabled', rules: [], limited: true },
  { id: 104, path: 'brightwater/old-shop', branch: 'master', archived: true, waits: false, rules: [], limited: true },
]

export function describeProject({ id, path, branch, archived, waits, builds }: SandboxProject): JsonValue {
  return {
    id, path_with_namespace: path, name: path.split('/')[1] ?? '', default_branch: branch, archived: archived ?? false, visibility: 'private',
    only_allow_merge_if_pipeline_succeeds: waits, builds_access_level: builds ?? 'enabled', runners_token: 'GR-only-a-schema-keeps-it-out',
  }
}

export function describeRule({ name, force }: SandboxProject['rules'][number], index: number): JsonValue {
  return { id: index + 1, name, allow_force_push: force, push_access_levels: [{ access_level: 40 }], merge_access_levels: [{ access_level: 40 }] }
}
