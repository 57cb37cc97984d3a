/** What `npm test` runs, in this order: what is fast and finds most comes first. */
import { globSync } from 'node:fs'
import { join } from 'node:path'

export interface Stage {
  title: string
  /** Of vitest.config.ts. */
  projects: string[]
  folders: string[]
  needsBuild: boolean
  needsChromium: boolean
}

export const stages: readonly Stage[] = [
  { title: 'unit, contract, architecture', projects: ['unit', 'contract', 'architecture'], folders: ['unit', 'contract', 'architecture'], needsBuild: false, needsChromium: false },
  { title: 'integration, embedded database', projects: ['integration'], folders: ['integration'], needsBuild: true, needsChromium: false },
  { title: 'integration, Supabase over HTTP on PostgreSQL', projects: ['integration-supabase'], folders: ['integration'], needsBuild: true, needsChromium: false },
  { title: 'end to end, in Chromium', projects: ['e2e'], folders: ['e2e'], needsBuild: true, needsChromium: true },
]

const root = join(import.meta.dirname, '../..')

/** The stages that have a test file among those that the arguments name (vitest's way: a part of the path). */
export function selectStages(args: readonly string[]): Stage[] {
  const filesOf = (stage: Stage) => stage.folders.flatMap(folder => globSync(`tests/${folder}/**/*.test.ts`, { cwd: root }))
  const all = stages.flatMap(filesOf)
  const filters = args.filter(arg => !arg.startsWith('-') && all.some(file => file.includes(arg)))
  return stages.filter(stage => filesOf(stage).some(file => filters.length === 0 || filters.some(filter => file.includes(filter))))
}
