import type { Result } from './contract'

const mark = (ok: Result['ok']) => ok === 'skipped' ? 'skip' : ok ? 'ok  ' : 'FAIL'

/** One line each, as a person reads them, and a summary. */
export function report(results: readonly Result[]): string {
  const lines = results.map(({ name, ok, detail, fix }) => `${mark(ok)} ${name}: ${detail}${ok === false && fix ? `. To fix: ${fix}` : ''}`)
  const count = (ok: Result['ok']) => results.filter(result => result.ok === ok).length
  return [...lines, '', `${count(true)} ok, ${count(false)} failed, ${count('skipped')} skipped`].join('\n')
}

export function failed(results: readonly Result[]): boolean {
  return results.some(result => result.ok === false)
}
