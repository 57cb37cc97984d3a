/**
 * What the contract test has to be told of a provider, beside what its connector declares: what its stand-in holds, and what
 * only it can do. A connector that is not in the table of its test fails it.
 */
import type { GrantFacts } from '#server/connectors/contract'
import type { Sandbox, StandIn } from '#server/sandbox/stand-in'
import type { Published } from './published.ts'

/** Whose grants an event is about. */
export interface Subject { accountId: string, facts: GrantFacts }
export interface SignedDelivery { headers: Record<string, string>, body: string }

interface Common {
  standIn: StandIn
  /** What the provider publishes of its API; a sentence where that is not here to compare with. */
  published: Published | string
  /** How many resources of which kind the account has. */
  resources: Readonly<Record<string, number>>
  /** Checks that the account gives no answer to but `error`, with the reason. */
  unanswered?: Readonly<Record<string, string>>
}

export interface OAuthParticulars extends Common {
  /** Fields of the consent page that choose an account: the one that most is done with, and another. */
  accounts: { first: Readonly<Record<string, string>>, other?: Readonly<Record<string, string>> }
  /** The fields with which a person consents who sees the app nowhere: where a page installs it. */
  nowhere?: Readonly<Record<string, string>>
  /** Slots whose tokens can be renewed; none: what is refused ends the connection. */
  renews: readonly string[]
  /** Where nothing can be renewed: ends the token at the provider as it happens there. */
  endsToken?: (standIn: { sandbox: Sandbox, url: string }, held: { accessToken: string, facts: GrantFacts }) => Promise<void>
  /** The provider's word that a grant is over, with its signature; null: it sends none. */
  ended: ((subject: Subject, key: string, id: string) => SignedDelivery) | null
}

export interface RoleParticulars extends Common {
  /** Makes a role as the guide says, or one that lets nobody in. @returns its name, as a person pastes it */
  makeRole: (sandbox: Sandbox, guide: { externalId: string }, lets: 'us' | 'nobody') => string
  /** Seconds that a session of it lives. */
  sessionSeconds: number
}

export type Particulars = OAuthParticulars | RoleParticulars
