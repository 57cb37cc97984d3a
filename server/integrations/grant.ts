/** What a consent brought, before it is an integration: whose, what it reaches, and its credentials in the clear. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Connector, ExternalAccount, TokenSet } from '#server/connectors/contract'
import type { resourceRows } from './resources'
import { grantConfig } from './token-config'

/** The part of `config` that belongs to the grant. */
export const grantFieldsSchema = z.looseObject({
  access_token: z.string(),
  /** Null: there is none, and some providers never give one. */
  refresh_token: z.string().nullable().default(null),
  scopes_requested: z.array(z.string()),
  /** Null: the provider did not say. */
  scopes_granted: z.array(z.string()).nullable(),
  facts: z.record(z.string(), z.string()).optional(),
  /** By it the database sees that another consent took the place of the one before; a fresh grant always has one. */
  grant_id: z.uuid().optional(),
})
export type GrantFields = z.infer<typeof grantFieldsSchema>

export interface Grant {
  account: ExternalAccount
  resources: ReturnType<typeof resourceRows>
  inSandbox: boolean
  fields: GrantFields
  /** By the database's clock: it was given after this moment, so what ended before it did not end it. */
  since: string
}

export function grantFields(connector: Connector, tokens: TokenSet, now: Date): GrantFields {
  return grantFieldsSchema.parse({
    ...grantConfig(tokens, connector.secrets, now),
    scopes_requested: connector.authorization.scopes.map(scope => scope.name),
    scopes_granted: tokens.scopes ?? null,
    // Also when there are none: the facts of the grant before must not stay.
    facts: tokens.facts ?? {},
    grant_id: randomUUID(),
  })
}
