/** Tokens that are made with a key of the operator's, see `Minting`: held for as long as a reader reads, stored nowhere. */
import type { ApiReader, MintingOrder } from '#server/connectors/contract'
import { outOfReach, ProviderError } from '#server/errors'
import { log } from '#server/utils/log'
import type { OAuthClient } from './client'
import { mint, mintingOf, type KeyedMinting } from './mint'

/** A token that ends sooner than this is replaced first. Well above what one call takes, right before which it is asked for. Milliseconds. */
const AHEAD_MS = 60_000

interface Minted {
  token: string
  expiresAt: Date
  /** It stands in the place of one that was refused. */
  replaces: boolean
  /** A call with it was let in. */
  accepted: boolean
}

/** Null: the connector makes none, or the operator has given no key. */
export function mintedTokens(client: OAuthClient, signal?: AbortSignal): MintedTokens | null {
  const minting = mintingOf(client)
  return minting && new MintedTokens(client, minting, signal)
}

/** None is made before `begin` has said what for. */
export class MintedTokens {
  private order: MintingOrder | null = null
  private held: Minted | null = null
  private making: Promise<Minted | null> | null = null
  private refusedLast = false
  private refusal: ProviderError | null = null

  constructor(private readonly client: OAuthClient, private readonly minting: KeyedMinting, private readonly signal?: AbortSignal) {}

  /**
   * Has the grant itself say what tokens may be made for. Without an answer none is made, and the grant's own token serves.
   * @param api asks with the grant's own token
   * @param note writes down that they are going to be made; what it throws keeps them from it
   * @throws ProviderError of the kinds `outOfReach`, and whatever is no ProviderError
   */
  async begin(api: ApiReader, note: (order: MintingOrder) => Promise<void>): Promise<void> {
    this.order = null
    const order = await this.ask(api)
    if (!order) return
    await note(order)
    this.order = order
  }

  private async ask(api: ApiReader): Promise<MintingOrder | null> {
    try {
      return await this.minting.order(api)
    }
    catch (error) {
      if (!(error instanceof ProviderError) || outOfReach.includes(error.kind)) throw error
      log.warn('whether tokens may be made could not be asked', { provider: this.client.connector.id, kind: error.kind, call: error.call })
      return null
    }
  }

  /** Whether there is something that they are made for. */
  get ready(): boolean {
    return this.order !== null
  }

  /** Null: none can be made any more, and the grant's own serves. Calls at once share one. @throws ProviderError */
  async token(): Promise<string | null> {
    if (this.refusal) throw this.refusal
    if (this.held && this.held.expiresAt.getTime() - AHEAD_MS > Date.now()) return this.held.token
    if (!this.order) return null
    this.making ??= this.make(this.order).finally(() => { this.making = null })
    return (await this.making)?.token ?? null
  }

  private async make(order: MintingOrder): Promise<Minted | null> {
    const replaces = this.refusedLast
    this.held = null
    try {
      const minted = await mint(this.client, this.minting, order, this.signal)
      if (!minted) this.order = null
      this.held = minted && { ...minted, replaces, accepted: false }
      return this.held
    }
    catch (error) {
      // The key or the clock is wrong, and will be at the next call.
      if (error instanceof ProviderError && error.kind === 'application_refused') this.refusal = error
      throw error
    }
  }

  /** A call with this token was let in. */
  answered(token: string): void {
    if (this.held?.token !== token) return
    this.held.accepted = true
    this.refusedLast = false
  }

  /**
   * After a 401 for this token: the next one is made anew. Several calls may be refused at once: for those that come late it is
   * made already, or being made.
   * @throws the cause for one that was never let in and was itself made in the place of a refused one
   */
  refused(token: string, cause: ProviderError): void {
    if (this.held?.token !== token) return
    if (this.held.replaces && !this.held.accepted) throw cause
    this.refusedLast = true
    this.held = null
  }
}
