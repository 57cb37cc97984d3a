/** How a grant is made without OAuth: a role that the customer makes for us. Part of the contract. */
import type { Endpoint, Evidence, GrantFacts } from './endpoint'
import type { OAuth2 } from './oauth2'
import type { Opening, Settings } from './opening'

/** A role, as a person names it. */
export interface NamedRole { arn: string, accountId: string, facts: GrantFacts }
/** Whom a role has to trust, and under which id. */
export interface Trusting { principal: string, externalId: string }
/** Which ways into a role there are: a good one has the first and no other. */
export interface Trust { withId: boolean, withoutId: boolean, withAnotherId: boolean }

/**
 * A role in the customer's account that trusts our principal under an id that we make (the "confused deputy" answer: somebody
 * else's role, named to us by a third party, has another id). Nothing is secret, nothing has to be renewed, and only the customer ends it.
 */
export interface AssumeRole extends Pick<OAuth2, 'scopes' | 'scopeCovers' | 'lifetimes' | 'manualRevocationUrl'> {
  kind: 'assume_role'
  slots?: undefined
  revocation: null
  /** Reads what a person pasted; `wrong`: a sentence, without what was pasted. */
  readRole: (text: string) => NamedRole | { wrong: string }
  /** The provider's own policies that the role has to have, by their ids there. */
  policies: readonly string[]
  /** The document that lets in whom it names with that id, and nobody else. */
  trustPolicy: (trusting: Trusting) => Evidence
  /** A file from which the provider's own tool makes such a role. */
  template: { fileName: string, text: (trusting: Trusting) => string }
  /** An address at the provider that makes it with everything filled in; null where the operator has not said where the template is. */
  quickCreate: (trusting: Trusting, settings: Settings) => string | null
  /** Regions to choose from, and those that are chosen at first. */
  regions: readonly { id: string, name: string }[]
  defaultRegions: (settings: Settings) => readonly string[]
  /** A call that shows whether the role has its policies. */
  probe: Endpoint
  /** Who we are there: what a trust policy names. @throws ProviderError */
  principal: (opening: Opening) => Promise<string>
  /** Tries the role with its id, without one, and with another. @throws ProviderError for what says nothing about the role */
  tryTrust: (opening: Opening) => Promise<Trust>
  /** The same as a call of a grant that stands. What was not seen is left out. */
  trust: Endpoint<Partial<Trust>>
}
