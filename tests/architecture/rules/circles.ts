import type { Source, Violation } from '../source.ts'

/**
 * Files that import each other, directly or over others. Types count: a circle of types is a room that wants to be split.
 * `import()` does not: it is the way to break a circle.
 */
export function circles(sources: Source[]): Violation[] {
  const known = new Map(sources.map(source => [source.path.replace(/\.(?:ts|vue)$/, '').replace(/\/index$/, ''), source]))
  const state = new Map<string, 'open' | 'done'>()
  const found: Violation[] = []

  const visit = (name: string, way: string[]): void => {
    if (state.get(name) === 'done') return
    if (state.get(name) === 'open') {
      const circle = [...way.slice(way.indexOf(name)), name]
      found.push({ path: known.get(name)?.path ?? name, problem: `is in a circle: ${circle.join(' → ')}`, fix: 'move what both need into a file below both' })
      return
    }
    state.set(name, 'open')
    for (const { target, deferred } of known.get(name)?.imports ?? []) {
      if (target !== null && !deferred && known.has(target)) visit(target, [...way, name])
    }
    state.set(name, 'done')
  }
  for (const name of known.keys()) visit(name, [])
  return found
}
