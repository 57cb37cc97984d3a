/** Builds the app when the build that is there was not made from these sources. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '../..')
const entry = join(root, '.output/server/index.mjs')
const stamp = join(root, '.output/sources.sha256')

/** What the build does not read. Everything else counts, so that a new folder is never forgotten. */
const ignored = new Set(['node_modules', 'tests', 'scripts', 'docs', 'coverage', 'Dockerfile', 'compose.yaml',
  'vitest.config.ts', 'eslint.config.mjs', 'supabase/seed.sql', 'supabase/config.toml'])

function* sourceFiles(root: string, folder: string = root): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name < b.name ? -1 : 1)
  for (const item of entries) {
    const path = join(folder, item.name)
    const name = relative(root, path)
    if (item.name.startsWith('.') || ignored.has(name) || name.endsWith('.md')) continue
    if (item.isDirectory()) yield* sourceFiles(root, path)
    else if (item.isFile()) yield path
  }
}

/** A hash over the names and bytes of all that the build is made from. */
export function hashSources(folder: string = root): string {
  const hash = createHash('sha256').update(process.version)
  for (const path of sourceFiles(folder)) {
    const content = readFileSync(path)
    hash.update(`\0${relative(folder, path)}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** Whether `.output` was built from the sources as they are now. */
export function buildIsFresh(sources: string = hashSources()): boolean {
  return existsSync(entry) && existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === sources
}

/** @returns whether there is a build of these sources now */
export function ensureBuild(): boolean {
  const sources = hashSources()
  if (buildIsFresh(sources)) {
    console.log('The build is up to date.')
    return true
  }
  rmSync(stamp, { force: true })
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/nuxt/bin/nuxt.mjs'), 'build'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) return false
  // As they were before: what changed during the build is built the next time.
  writeFileSync(stamp, `${sources}\n`)
  return true
}
