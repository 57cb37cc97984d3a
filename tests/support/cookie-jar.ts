/** What a browser does with Set-Cookie, as far as one origin needs it: expiry, removal and paths. */
export interface Cookie { name: string, value: string, path: string, attributes: string }

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>()

  /** Takes the cookies of an answer. */
  store(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...rest] = line.split(/;\s*/)
      const attributes = Object.fromEntries(rest.map((part) => {
        const [name = '', value = ''] = part.split('=')
        return [name.toLowerCase(), value]
      }))
      const path = attributes.path || '/'
      const name = pair.slice(0, pair.indexOf('='))
      const gone = attributes['max-age'] !== undefined
        ? Number(attributes['max-age']) <= 0
        : attributes.expires !== undefined && Date.parse(attributes.expires) <= Date.now()
      if (gone) this.#cookies.delete(`${name};${path}`)
      else this.#cookies.set(`${name};${path}`, { name, value: pair.slice(pair.indexOf('=') + 1), path, attributes: rest.join('; ') })
    }
  }

  /** The Cookie header for a path; empty when there is none. */
  header(path: string): string {
    return this.all().filter(one => path === one.path || path.startsWith(one.path.endsWith('/') ? one.path : `${one.path}/`))
      .map(one => `${one.name}=${one.value}`).join('; ')
  }

  all(): Cookie[] { return [...this.#cookies.values()] }

  clear(): void { this.#cookies.clear() }

  /** A second jar with the same cookies: another tab, or a thief. */
  copy(): CookieJar {
    const copy = new CookieJar()
    for (const [key, cookie] of this.#cookies) copy.#cookies.set(key, cookie)
    return copy
  }
}
