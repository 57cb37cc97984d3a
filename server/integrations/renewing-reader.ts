/**
 * The provider's API with an integration's credential. A 401 forces one refresh, whatever the stored expiry says; a second
 * one means that the grant is gone, unless the row has got another token meanwhile.
 */
import type { ApiReader, Endpoint, ResourceDescription } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import { createApiReader } from '#server/oauth/http'
import { noteRefusal, noteSuccess } from './api-verdict'
import { clientFor } from './client'
import { CredentialError } from './credential-error'
import type { IntegrationRow } from './row'

/** A row and its access token in the clear. */
export interface Held { row: IntegrationRow, accessToken: string }

/** Times that one `get` may take another token: the first is the renewal, more only where others renew as well. */
const TOKENS = 3

export class RenewingReader implements ApiReader {
  private reader: ApiReader
  private renewal: Promise<void> | null = null
  private refusal: Promise<boolean> | null = null
  private lastAnswer: { row: IntegrationRow, at: Date } | null = null
  private refused = false

  /**
   * @param renew gives the row with a newer token than the one held
   * @param fresh the token was renewed just now: a 401 says all
   */
  constructor(private held: Held, private readonly renew: (row: IntegrationRow) => Promise<Held>, private readonly signal: AbortSignal, private fresh: boolean) {
    this.reader = this.readerFor(held)
  }

  private readerFor({ row, accessToken }: Held): ApiReader {
    const { connector, apiBase, fetch } = clientFor(row.connector, row.sandbox)
    return createApiReader({ base: apiBase, accessToken, fetch, retryAfter: connector.retryAfter, signal: this.signal })
  }

  async get<E>(endpoint: Endpoint<E>, resource?: ResourceDescription): Promise<E | null> {
    for (let tokens = 0; ; tokens++) {
      const used = this.held
      try {
        const answer = await this.reader.get(endpoint, resource)
        this.lastAnswer = { row: used.row, at: new Date() }
        return answer
      }
      catch (error) {
        if (!(error instanceof ProviderError) || error.kind !== 'unauthorized') throw error
        if (tokens === TOKENS) throw error
        await this.replace(used, error)
      }
    }
  }

  /** After a 401. @throws CredentialError when there is no other token to try */
  private async replace(used: Held, cause: ProviderError): Promise<void> {
    // Several calls may be refused at once: they share one renewal, and those that come late have it already.
    if (this.held !== used) return
    try {
      if (this.fresh) {
        this.refused = true
        this.refusal ??= noteRefusal(used.row)
        if (await this.refusal) throw new CredentialError('dead_grant', 'unauthorized', { cause })
      }
      this.renewal ??= this.renew(used.row).then(held => this.hold(held))
      await this.renewal
    }
    catch (error) {
      this.refused ||= error instanceof CredentialError
      throw error
    }
  }

  private hold(held: Held): void {
    this.held = held
    this.reader = this.readerFor(held)
    this.fresh = true
    this.renewal = this.refusal = null
    this.refused = false
  }

  /** When the provider answered, and did not end by refusing the credential: an answer from before that is no sign of health. */
  async noteHealth(): Promise<void> {
    if (this.lastAnswer && !this.refused) await noteSuccess(this.lastAnswer.row, this.lastAnswer.at)
  }
}
