/**
 * Pins a call to its host. `path` may come from a connector with a provider's ids in it; whatever it holds, the result
 * lies below `base`, or there is none: no other host (`//evil`, `https://evil`, `\\evil`), no way up (`..`, `%2e%2e`).
 *
 * The check compares what the URL parser made of it with what was asked for, so that there is one idea of the path.
 * @throws TypeError that names neither
 */
export function addressBelow(base: string, path: string): URL {
  const root = new URL(base)
  const prefix = root.pathname.replace(/\/+$/, '')
  const [pathname = '', query] = path.split(/\?(.*)/s)
  const url = new URL(root.origin + prefix + (pathname.startsWith('/') ? path : `/${path}`))
  const kept = url.origin === root.origin && url.pathname === prefix + pathname && url.search === (query ? `?${query}` : '')
  if (!kept || !/^\/[^/\\]/.test(pathname) || pathname.includes('//') || url.hash || url.username || url.password) {
    throw new TypeError('The path of a call does not stay below its base address')
  }
  return url
}
