import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildIsFresh, hashSources } from '../../../scripts/lib/build.ts'
import { tempDir } from '../../support/temp-dir.ts'

let folder: Awaited<ReturnType<typeof tempDir>>
const put = (path: string, content: string) => {
  mkdirSync(dirname(join(folder.path, path)), { recursive: true })
  writeFileSync(join(folder.path, path), content)
}

beforeEach(async () => {
  folder = await tempDir('sources')
  put('server/api/health.get.ts', 'one')
})
afterEach(() => folder.remove())

describe('hashSources', () => {
  it.each([
    ['a changed file', 'server/api/health.get.ts', 'two'],
    ['a new file in a folder that nobody has heard of', 'elsewhere/new.txt', ''],
    ['a migration', 'supabase/migrations/1_one.sql', 'select 1'],
    ['the lock file', 'package-lock.json', '{}'],
  ])('changes with %s', (_, path, content) => {
    const before = hashSources(folder.path)
    put(path, content)
    expect(hashSources(folder.path)).not.toBe(before)
  })

  it.each(['tests/unit/x.test.ts', 'README.md', 'docs/api.md', '.output/server/index.mjs', 'node_modules/x/index.js', '.env'])('does not change with %s', (path) => {
    const before = hashSources(folder.path)
    put(path, 'x')
    expect(hashSources(folder.path)).toBe(before)
  })
})

describe('buildIsFresh', () => {
  it('never takes a build of other sources', () => {
    expect(buildIsFresh('0'.repeat(64))).toBe(false)
  })
})
