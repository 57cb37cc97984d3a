import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lockFaults, missingPlatforms, movedPins, unusedDependencies, usedOtherwise, type Lock, type Manifest } from './rules/dependencies.ts'
import { format, root } from './source.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const folders = ['assets', 'components', 'composables', 'layouts', 'middleware', 'pages', 'plugins', 'scripts', 'server', 'shared', 'tests']
const files = globSync([...folders.map(folder => `${folder}/**/*.{ts,mts,mjs,vue,css}`), '*.{ts,mjs,vue}'], { cwd: root })
  .filter(path => !path.replaceAll('\\', '/').startsWith('tests/architecture/'))
const own = globSync('tests/architecture/**/*.ts', { cwd: root })
  // Only what these files import: they name packages as examples, too.
  .map(path => read(path).split('\n').filter(line => line.startsWith('import ')).join('\n'))

describe('every dependency is used', () => {
  it('holds in this repository', () => {
    const manifest = JSON.parse(read('package.json')) as Manifest
    expect(format(unusedDependencies(manifest, [...files.map(read), ...own]))).toBe('')
  })

  it('fails on a dependency that nothing imports, and on an explanation without a dependency', () => {
    const explained = Object.fromEntries(Object.keys(usedOtherwise).map(name => [name, '1']))
    expect(unusedDependencies({ dependencies: { ...explained, 'left-pad': '1' } }, [`import x from 'left-padding'`])).toHaveLength(1)
    expect(unusedDependencies({ dependencies: { ...explained, 'left-pad': '1' } }, [`import x from 'left-pad/x'`])).toEqual([])
    expect(unusedDependencies({}, [])).toHaveLength(Object.keys(explained).length)
  })
})

describe('the lock file has the builds for every platform', () => {
  it('holds in this repository', () => {
    expect(format(missingPlatforms(JSON.parse(read('package-lock.json')) as Lock))).toBe('')
  })

  it('fails on one that is left out, and finds nested ones', () => {
    const packages: Lock['packages'] = {
      'node_modules/a': { version: '1.0.0', optionalDependencies: { 'a-linux': '1.0.0', 'a-darwin': '1.0.0' } },
      'node_modules/a-linux': {},
      'node_modules/b/node_modules/a': { version: '2.0.0', optionalDependencies: { 'a-linux': '2.0.0', 'a-darwin': '2.0.0' } },
      'node_modules/b/node_modules/a-darwin': {},
    }
    expect(missingPlatforms({ packages }).map(one => one.problem)).toEqual(['lacks a-darwin, which node_modules/a@1.0.0 names'])
  })
})

describe('the lock file names no host and checks every package', () => {
  it('holds in this repository', () => {
    expect(format(lockFaults(JSON.parse(read('package-lock.json')) as Lock).slice(0, 10))).toBe('')
  })

  it('fails on a host and on a missing checksum', () => {
    expect(lockFaults({ packages: {
      '': {},
      'node_modules/a': { integrity: 'sha512-x', resolved: 'https://registry.example/a.tgz' },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/c': { integrity: 'sha512-x' },
    } })).toHaveLength(2)
  })
})

describe('what is pinned stays where it is', () => {
  it('holds in this repository', () => {
    expect(format(movedPins(JSON.parse(read('package.json')) as Manifest, JSON.parse(read('package-lock.json')) as Lock))).toBe('')
  })

  it('fails on a range, and on another version in the lock file', () => {
    const lock = (version: string): Lock => ({ packages: { 'node_modules/emulate': { version } } })
    expect(movedPins({ devDependencies: { emulate: '0.12.2' } }, lock('0.12.2'))).toEqual([])
    expect(movedPins({ devDependencies: { emulate: '^0.12.2' } }, lock('0.12.2'))).toHaveLength(1)
    expect(movedPins({ devDependencies: { emulate: '0.12.2' } }, lock('1.0.2'))).toHaveLength(1)
  })
})
