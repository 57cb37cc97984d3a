/**
 * An integration's tokens as its provider's API is called with them. A 401 forces one refresh, whatever the stored expiry says; a
 * second one means that the grant is gone, unless the row has got another token meanwhile. Of a further slot only that slot is
 * gone: what is asked with it can't be told, and the rest works.
 */
import type { ProviderError } from '#server/errors'
import type { TokenSource } from '#server/oauth/http'
import { noteRefusal, noteSuccess } from './api-verdict'
import { CredentialError } from './credential-error'
import type { IntegrationRow } from './row'
import { MAIN_SLOT, type Secrets } from './token-config'

/** A row and its tokens in the clear. */
export interface Held { row: IntegrationRow, secrets: Secrets }

export class RenewingTokens implements TokenSource {
  private renewals = new Map<string, Promise<void>>()
  private fresh = new Set<string>()
  private refusal: Promise<boolean> | null = null
  private lastAnswer: { row: IntegrationRow, at: Date } | null = null
  private gone = false

  /**
   * @param renew gives the row with a newer token of the slot than the one held
   * @param fresh the main token was renewed just now: a 401 says all
   */
  constructor(private held: Held, private readonly renew: (row: IntegrationRow, slot: string) => Promise<Held>, fresh: boolean) {
    if (fresh) this.fresh.add(MAIN_SLOT)
  }

  token(slot = MAIN_SLOT): string | null {
    const { secrets } = this.held
    return slot === MAIN_SLOT ? secrets.accessToken : secrets.extra[slot]?.accessToken ?? null
  }

  answered(slot = MAIN_SLOT): void {
    if (slot === MAIN_SLOT) this.lastAnswer = { row: this.held.row, at: new Date() }
  }

  async replace(slot = MAIN_SLOT, token: string, cause: ProviderError): Promise<void> {
    // Several calls may be refused at once: they share one renewal, and those that come late have it already.
    if (this.token(slot) !== token) return
    try {
      if (this.fresh.has(slot)) await this.refuse(slot, cause)
      const renewal = this.renewals.get(slot) ?? this.renew(this.held.row, slot).then(held => this.hold(held, slot))
      this.renewals.set(slot, renewal)
      await renewal
    }
    catch (error) {
      if (!(error instanceof CredentialError)) throw error
      if (slot !== MAIN_SLOT) throw cause
      this.gone = true
      throw error
    }
  }

  /** A fresh token was refused. Returns when the row has another one by now. */
  private async refuse(slot: string, cause: ProviderError): Promise<void> {
    if (slot !== MAIN_SLOT) throw cause
    this.gone = true
    this.refusal ??= noteRefusal(this.held.row)
    if (await this.refusal) throw new CredentialError('dead_grant', 'unauthorized', { cause })
  }

  private hold(held: Held, slot: string): void {
    this.held = held
    this.fresh.add(slot)
    this.renewals.delete(slot)
    if (slot !== MAIN_SLOT) return
    this.refusal = null
    this.gone = false
  }

  /** When the provider answered, and did not end by refusing the credential: an answer from before that is no sign of health. */
  async noteHealth(): Promise<void> {
    if (this.lastAnswer && !this.gone) await noteSuccess(this.lastAnswer.row, this.lastAnswer.at)
  }
}
