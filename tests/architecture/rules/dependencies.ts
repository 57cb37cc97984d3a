/** package.json and package-lock.json. */
import type { Violation } from '../source.ts'

export interface Manifest { dependencies?: Record<string, string>, devDependencies?: Record<string, string>, scripts?: Record<string, string> }
export interface LockedPackage {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  inBundle?: boolean
  optionalDependencies?: Record<string, string>
}
export interface Lock { packages: Record<string, LockedPackage> }

/** Used without being named in a file of ours. */
export const usedOtherwise: Readonly<Record<string, string>> = {
  '@electric-sql/pglite': 'a peer of @supabase/lite, which loads it',
  '@nuxt/schema': 'keeps npm from hoisting version 4 beside Nuxt 3, which breaks the type check',
  '@types/node': 'the types of node:',
  'eslint': 'npm run lint',
  'node': 'the Node.js that runs every npm script',
  'vite': 'keeps npm on the version that Nuxt 3 takes',
  'vue-router': 'Nuxt types the auto-imports of packages that are named in package.json, and of no others',
  'vue-tsc': 'npm run typecheck',
}

/** @param texts the contents of every file of ours that may name a package */
export function unusedDependencies(manifest: Manifest, texts: string[]): Violation[] {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
  // As a module ('x', "x/y", x in CSS), or as a collection: `simple-icons` for @iconify-json/simple-icons.
  const used = (name: string) => [name, name.replace(/^@iconify-json\//, '')].some(word =>
    texts.some(text => new RegExp(`['"]${word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}(?:/[^'"]*)?['"]`).test(text)))
  return [
    ...names.filter(name => !(name in usedOtherwise) && !used(name)).map(name =>
      ({ path: 'package.json', problem: `has ${name}, which nothing imports`, fix: `npm uninstall ${name}, or say in tests/architecture/rules/dependencies.ts why it is here` })),
    ...Object.keys(usedOtherwise).filter(name => !names.includes(name)).map(name =>
      ({ path: 'tests/architecture/rules/dependencies.ts', problem: `explains ${name}, which package.json does not have`, fix: 'remove the line' })),
  ]
}

/** A lock file that names hosts works only where they can be reached; one without checksums takes whatever it gets. */
export function lockFaults(lock: Lock): Violation[] {
  return Object.entries(lock.packages).filter(([path, one]) => path !== '' && !one.link && !one.inBundle).flatMap(([path, one]) => {
    if (one.resolved !== undefined) return [{ path: 'package-lock.json', problem: `names where ${path} was downloaded from`, fix: 'npm install --package-lock-only with the .npmrc of this repository' }]
    if (one.integrity === undefined) return [{ path: 'package-lock.json', problem: `has no checksum for ${path}`, fix: 'rm package-lock.json && npm install' }]
    return []
  })
}

/** Where Node would look for a package from a path in the lock file, nearest first. */
function places(from: string, name: string): string[] {
  const folders = from.split('/node_modules/')
  return folders.map((_, index) => `${folders.slice(0, folders.length - index).join('/node_modules/')}/node_modules/${name}`)
    .concat(`node_modules/${name}`)
}

/**
 * A registry that is a little behind may have the newest release of a package, but not of the builds for all platforms. npm then
 * leaves those out without a word, and `npm ci` fails everywhere.
 */
export function missingPlatforms(lock: Lock): Violation[] {
  return Object.entries(lock.packages).flatMap(([path, one]) => Object.keys(one.optionalDependencies ?? {})
    .filter(name => !places(path, name).some(place => place in lock.packages))
    .map(name => ({
      path: 'package-lock.json',
      problem: `lacks ${name}, which ${path}@${one.version} names`,
      fix: 'install a slightly older version of that package in a folder without node_modules (npm install --package-lock-only), and take that lock file',
    })))
}

/** Packages that must not move by themselves, with the version and why. */
export const pinned: Readonly<Record<string, { version: string, because: string }>> = {
  emulate: { version: '0.12.2', because: 'what the registry calls the latest under this name is another project\'s package' },
}

export function movedPins(manifest: Manifest, lock: Lock): Violation[] {
  return Object.entries(pinned).flatMap(([name, { version, because }]) => {
    const named = manifest.dependencies?.[name] ?? manifest.devDependencies?.[name]
    const locked = lock.packages[`node_modules/${name}`]?.version
    return named === version && locked === version ? [] : [{
      path: 'package.json', problem: `has ${name} ${named} (locked: ${locked}), and not exactly ${version}: ${because}`, fix: `npm install --save-dev --save-exact ${name}@${version}`,
    }]
  })
}
