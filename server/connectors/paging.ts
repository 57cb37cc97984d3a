/** The usual ways in which a list goes on. A provider's answer never says where to call: it only says which page. */
import type { Page, Paging } from './contract'

const asList = <T>(pages: readonly T[][]): T[] => pages.flat()

/** The same path with other query parameters. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | number>>): string {
  const [bare = '', query = ''] = path.split('?')
  const search = new URLSearchParams(query)
  for (const [name, value] of Object.entries(parameters)) search.set(name, String(value))
  return search.size > 0 ? `${bare}?${search}` : bare
}

/**
 * RFC 8288: `Link: <…>; rel="next"`. Of the address only the query is taken, so that no answer can lead the token elsewhere.
 */
export function linkedPath({ headers, path }: Pick<Page<unknown>, 'headers' | 'path'>): string | null {
  for (const [, address = '', parameters = ''] of (headers.get('link') ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (!/;\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?/i.test(parameters)) continue
    const query = address.split('?')[1]?.split('#')[0]
    return query ? `${path.split('?')[0]}?${query}` : null
  }
  return null
}

/** Lists whose next page is in the `Link` header. */
export function linkPaging<T>(most?: number): Paging<T[]> {
  return { next: linkedPath, merge: asList, most }
}

/** Lists inside an object, gone on with a cursor that the answer names. @param cursor of a page, or nothing at the end */
export function cursorPaging<T>(parameter: string, cursor: (answer: T) => string | number | null | undefined, merge: (pages: readonly T[]) => T, most?: number): Paging<T> {
  return {
    next: ({ answer, path }) => {
      const at = cursor(answer)
      return at === null || at === undefined || at === '' ? null : withQuery(path, { [parameter]: at })
    },
    merge,
    most,
  }
}
