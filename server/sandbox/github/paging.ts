import type { JsonValue } from '../store'

/** `per_page` at most 100, default 30; RFC 8288 `Link` to the neighbours. */
export function pageOf(url: URL, items: readonly JsonValue[]): { items: JsonValue[], headers: Record<string, string> } {
  const number = (name: string, fallback: number) => /^\d{1,6}$/.test(url.searchParams.get(name) ?? '') ? Number(url.searchParams.get(name)) : fallback
  const size = Math.min(100, Math.max(1, number('per_page', 30)))
  const page = Math.max(1, number('page', 1))
  const last = Math.max(1, Math.ceil(items.length / size))
  const links = [
    ...(page > 1 ? [['prev', page - 1], ['first', 1]] as const : []),
    ...(page < last ? [['next', page + 1], ['last', last]] as const : []),
  ].map(([rel, to]) => {
    const address = new URL(url)
    address.searchParams.set('page', String(to))
    return `<${address.href}>; rel="${rel}"`
  })
  return { items: items.slice((page - 1) * size, page * size), headers: links.length > 0 ? { link: links.join(', ') } : {} }
}
