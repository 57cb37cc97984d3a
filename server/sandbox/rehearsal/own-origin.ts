/**
 * Whose call at the control page is taken. The page says which grants there are and breaks them, so it is nothing for other sites:
 * the address that was called must be the application's own, or this machine's (else a foreign name that points here would do),
 * and a form must come from a page of that same address. Browsers say where a form comes from in `Origin`, which no page can
 * change; a script sends none, and JSON, which no page can send elsewhere unasked.
 */
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether the address is one by which this application may be looked at. */
export function isOwnAddress(request: Request, appOrigin: string): boolean {
  const { hostname, host } = new URL(request.url)
  return loopback.has(hostname) || host === new URL(appOrigin).host
}

/** @param takesNone whether a call that names no origin will do */
export function isOwnOrigin(request: Request, appOrigin: string, takesNone: boolean): boolean {
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return false
  if (origin === null) return takesNone
  return origin === new URL(appOrigin).origin || (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host)
}
