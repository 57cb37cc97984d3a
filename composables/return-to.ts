/** A path of this origin, or the start page: an address from a query must not lead anywhere else. */
export function safeReturnTo(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/')) return '/'
  const here = 'http://this.origin'
  if (!URL.canParse(value, here)) return '/'
  const url = new URL(value, here)
  if (url.origin !== here || /^\/(sign-in|sign-up)\b/.test(url.pathname)) return '/'
  return url.pathname + url.search + url.hash
}
