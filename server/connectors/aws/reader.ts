/**
 * The role's API: a session of fifteen minutes, made when the first call needs it and again when it ends, in this process only.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiReader, Endpoint, Opening, ResourceDescription } from '../contract'
import { ProviderError } from '#server/errors'
import { assume, configOf, homeOf, tryTrust, type RoleCredentials } from './assume'
import { badCredentials, codeOf, toProviderError } from './failure'
import { isOperation, type Asking, type Operation } from './operation'
import { NotReading, openService, type Service, type ServiceName } from './services'

const nowhere: ResourceDescription = { kind: '', externalId: '', name: '', metadata: {} }
/** Milliseconds: a session that ends sooner is replaced. */
const AHEAD = 60_000

export function open(opening: Opening): ApiReader {
  const role = new RoleSession(opening)
  const get = async <T>(endpoint: Endpoint<T>, resource: ResourceDescription = nowhere): Promise<T | null> => {
    if (!isOperation(endpoint)) throw new TypeError(`${endpoint.id} is no operation of AWS`)
    return parsed(endpoint, await role.ask(endpoint, resource))
  }
  return {
    facts: opening.facts,
    get,
    async* pages(endpoint, resource) {
      const answer = await get(endpoint, resource)
      if (answer !== null) yield answer
    },
  }
}

/** There is no such thing: nothing that a service could answer. */
const absent = Symbol('absent')

function parsed<T>(operation: Operation<T>, answer: unknown): T | null {
  if (answer === absent) return null
  const result = operation.schema.safeParse(answer)
  if (result.success) return result.data
  // Where it does not fit and how, without what stood there.
  const where = result.error.issues.slice(0, 5).map(issue => `${issue.path.map(String).join('.')}: ${issue.code}`).join(', ')
  throw new ProviderError('unexpected_shape', operation.path(nowhere, {}), { cause: new Error(`${operation.id}: ${where}`) })
}

class RoleSession {
  private assumed: Promise<RoleCredentials> | null = null
  /** Of `assumed`, once it is there. */
  private held: RoleCredentials | null = null
  private clients = new Map<string, Promise<Service<ServiceName>>>()

  constructor(private readonly opening: Opening) {}

  async ask(operation: Operation, resource: ResourceDescription): Promise<unknown> {
    const used = await this.session()
    try {
      return await this.once(operation, resource)
    }
    catch (error) {
      if (!badCredentials.includes(codeOf(error))) throw this.failure(operation, error)
    }
    // The session ended before its time; several calls see that at once, and one replaces it.
    if (this.held === used) this.end()
    await this.session()
    return this.once(operation, resource).catch((error: unknown) => { throw this.failure(operation, error) })
  }

  private async once(operation: Operation, resource: ResourceDescription): Promise<unknown> {
    const asking: Asking = {
      facts: this.opening.facts,
      service: (name, region = homeOf(this.opening)) => this.service(name, region),
      wait: async milliseconds => delay(milliseconds, undefined, { signal: this.opening.signal }),
      trust: () => tryTrust(this.opening),
    }
    try {
      return await this.untilOver(operation.ask(asking, resource))
    }
    catch (error) {
      if (operation.absentCodes?.includes(codeOf(error))) return absent
      throw error
    }
  }

  /** The SDK waits between its attempts whatever anybody says: the caller does not. */
  private async untilOver<T>(answer: Promise<T>): Promise<T> {
    const { signal } = this.opening
    if (!signal) return answer
    signal.throwIfAborted()
    const over = Promise.withResolvers<never>()
    const stop = () => over.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    answer.catch(() => undefined) // When the race is over, its own end is nobody's.
    try {
      return await Promise.race([answer, over.promise])
    }
    finally {
      signal.removeEventListener('abort', stop)
    }
  }

  private failure(operation: Operation, error: unknown): unknown {
    this.opening.signal?.throwIfAborted()
    if (error instanceof NotReading) return error
    return toProviderError(error, operation.path(nowhere, {}), 'role')
  }

  private session(): Promise<RoleCredentials> {
    if (this.held && this.held.expiration.getTime() - Date.now() <= AHEAD) this.end()
    this.assumed ??= this.begin()
    return this.assumed
  }

  private async begin(): Promise<RoleCredentials> {
    try {
      return this.held = await this.untilOver(assume(this.opening))
    }
    catch (error) {
      this.end()
      throw error
    }
  }

  private end(): void {
    this.assumed = null
    this.held = null
    this.clients.clear()
  }

  private async service<N extends ServiceName>(name: N, region: string): Promise<Service<N>> {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.session()
    const key = `${name} ${region}`
    const known = this.clients.get(key) ?? openService(name, { ...configOf(this.opening), region, credentials: { accessKeyId, secretAccessKey, sessionToken } })
    this.clients.set(key, known)
    // Kept under its own name.
    return known as Promise<Service<N>>
  }
}
