import type { JsonValue } from '../store'

/** A page of a list with `Link` (RFC 8288), or what is wrong with the request. */
export function pageOf(all: readonly JsonValue[], url: URL, largest: number): { page: JsonValue[], headers: Record<string, string> } | { wrong: string } {
  const [page, asked] = [number(url, 'page', 1), number(url, 'per_page', largest)]
  if (page === null || asked === null) return { wrong: 'page and per_page are numbers from 1' }
  const size = Math.min(asked, largest)
  const last = Math.max(1, Math.ceil(all.length / size))
  const link = (to: number, rel: string) => {
    const address = new URL(url)
    address.searchParams.set('page', String(to))
    address.searchParams.set('per_page', String(size))
    return `<${address.href}>; rel="${rel}"`
  }
  const links = [...page > 1 ? [link(page - 1, 'prev')] : [], ...page < last ? [link(page + 1, 'next'), link(last, 'last')] : []]
  return { page: all.slice((page - 1) * size, page * size), headers: links.length > 0 ? { link: links.join(', ') } : {} }
}

function number(url: URL, name: string, otherwise: number): number | null {
  const value = url.searchParams.get(name)
  if (value === null) return otherwise
  return /^[1-9]\d{0,5}$/.test(value) ? Number(value) : null
}
