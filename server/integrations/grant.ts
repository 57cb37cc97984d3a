/** What a consent brought, before it is an integration: whose, what it reaches, and its credentials in the clear. */
import { z } from 'zod'
import type { Connector, ExternalAccount, TokenSet } from '#server/connectors/contract'
import type { resourceRows } from './resources'
import { tokenConfig } from './token-config'

/** The part of `config` that belongs to the grant. */
export const grantFieldsSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string().nullable(),
  expires_in: z.number().nullable(),
  expires_at: z.string().nullable(),
  scopes_requested: z.array(z.string()),
  /** Null: the provider did not say. */
  scopes_granted: z.array(z.string()).nullable(),
})
export type GrantFields = z.infer<typeof grantFieldsSchema>

export interface Grant {
  account: ExternalAccount
  resources: ReturnType<typeof resourceRows>
  inSandbox: boolean
  fields: GrantFields
}

/** All fields are named: a reconnect replaces the whole grant, and without a refresh token the old one must not stay. */
export function grantFields(connector: Connector, tokens: TokenSet, now: Date): GrantFields {
  const { access_token, refresh_token, expires_in, expires_at } = tokenConfig(tokens, null, now)
  return {
    access_token, expires_in, expires_at,
    refresh_token: refresh_token ?? null,
    scopes_requested: connector.authorization.scopes.map(scope => scope.name),
    scopes_granted: tokens.scopes ?? null,
  }
}
