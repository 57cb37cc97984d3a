/** Further connectors, made of the product's own, for tests in which there is more than one provider. */
import { z } from 'zod'
import type { Connector, TokenSet } from '#server/connectors/contract'
import { supabase } from '#server/connectors/supabase'

/** As Supabase, at another place. */
export const mirror: Connector = { ...supabase, id: 'mirror', name: 'Mirror' }

const pair = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.number() })
  .transform(({ access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn }): TokenSet => ({ accessToken, refreshToken, expiresIn }))

/** One grant, two tokens: a bot's, and a person's in the slot `user`. */
export const duo: Connector = {
  ...supabase,
  id: 'duo',
  name: 'Duo',
  secrets: ['access_token', 'refresh_token', 'user_access_token', 'user_refresh_token'],
  authorization: {
    ...supabase.authorization,
    slots: ['user'],
    tokenAnswer: z.looseObject({ authed_user: pair.optional() }).transform((answer): TokenSet => ({
      ...pair.parse(answer), ...(answer.authed_user ? { extra: { user: answer.authed_user } } : {}),
    })),
  },
}
