import type { Source, Violation } from '../source.ts'

/** Beyond this a file is probably two rooms (style.md): worth a look, not a verdict. */
export const largeFile = 250

export function largeFiles(sources: Source[]): Violation[] {
  return sources.filter(source => source.lines > largeFile).map(source => ({
    path: source.path, problem: `has ${source.lines} lines`, fix: 'look whether it is two rooms in one',
  }))
}
