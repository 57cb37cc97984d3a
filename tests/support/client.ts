/** A browser's worth of HTTP for the API: cookies, the Origin header, redirects left to the test. */
import { randomUUID } from 'node:crypto'
import { consent } from './consent.ts'
import { CookieJar } from './cookie-jar.ts'

export interface Answer<T = unknown> {
  status: number
  headers: Headers
  text: string
  /** Parsed, when it is JSON (problem+json too); otherwise undefined. */
  body: T
  location: string | null
}

export interface CallOptions {
  json?: unknown
  /** A raw body, instead of `json`. */
  body?: string
  headers?: Record<string, string>
  /** null: none is sent. Default on unsafe calls: the app's own origin. */
  origin?: string | null
}

export interface Person { email: string, password: string, organization: string }

export const newPerson = (name = 'person'): Person =>
  ({ email: `${name}-${randomUUID().slice(0, 8)}@example.com`, password: `correct horse ${randomUUID()}`, organization: `${name}'s organization` })

export interface SessionBody {
  user: { id: string, email: string }
  organization: { id: string, name: string } | null
  organizations: { id: string, name: string, role: string }[]
  role: string | null
}

export class ApiClient {
  constructor(readonly url: string, readonly jar: CookieJar = new CookieJar()) {}

  async call<T = unknown>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const url = new URL(path, this.url)
    const headers = new Headers(options.headers)
    const cookies = this.jar.header(url.pathname)
    if (cookies) headers.set('cookie', cookies)
    const origin = options.origin === undefined && method !== 'GET' ? new URL(this.url).origin : options.origin
    if (origin) headers.set('origin', origin)
    if (options.json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
    const response = await fetch(url, {
      method, headers, redirect: 'manual', body: options.json === undefined ? options.body : JSON.stringify(options.json),
    })
    this.jar.store(response.headers)
    const text = await response.text()
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : undefined) as T,
      location: response.headers.get('location'),
    }
  }

  get<T = unknown>(path: string, options?: CallOptions) { return this.call<T>('GET', path, options) }
  post<T = unknown>(path: string, json?: unknown, options?: CallOptions) { return this.call<T>('POST', path, { json, ...options }) }
  put<T = unknown>(path: string, json?: unknown, options?: CallOptions) { return this.call<T>('PUT', path, { json, ...options }) }
  patch<T = unknown>(path: string, json?: unknown, options?: CallOptions) { return this.call<T>('PATCH', path, { json, ...options }) }
  delete<T = unknown>(path: string, options?: CallOptions) { return this.call<T>('DELETE', path, options) }

  /** Another tab of the same browser. */
  tab(): ApiClient { return new ApiClient(this.url, this.jar) }

  async signUp(person: Person = newPerson()): Promise<SessionBody> {
    return expectStatus(await this.post<SessionBody>('/api/account', person), 201)
  }

  async signIn({ email, password }: Pick<Person, 'email' | 'password'>): Promise<SessionBody> {
    return expectStatus(await this.post<SessionBody>('/api/session', { email, password }), 200)
  }

  /** The whole way to the provider and back. @returns where the app sends the browser in the end */
  async connect(provider = 'supabase', decision: 'approve' | 'deny' = 'approve', choices: Readonly<Record<string, string>> = {}): Promise<string> {
    const login = await this.get(`/api/auth/${provider}/login`)
    if (login.status !== 302 || !login.location) throw new Error(`login answered ${login.status}: ${login.text}`)
    let location = new URL(login.location, this.url)
    // A provider may ask twice: where to install, and then for consent.
    for (let page = 1; page <= 2; page++) {
      const back = new URL(await consent(location.href, decision, choices))
      const callback = await this.get(back.pathname + back.search)
      if (callback.status !== 302 || !callback.location) throw new Error(`callback answered ${callback.status}: ${callback.text}`)
      if (callback.location.startsWith('/') && !callback.location.startsWith('/sandbox/')) return callback.location
      location = new URL(callback.location, this.url)
    }
    throw new Error(`The provider asks again and again: ${location.pathname}`)
  }
}

/** The body. @throws with the whole answer when the status is another one */
export function expectStatus<T>(answer: Answer<T>, status: number): T {
  if (answer.status !== status) throw new Error(`Expected ${status}, got ${answer.status}: ${answer.text.slice(0, 2_000)}`)
  return answer.body
}
