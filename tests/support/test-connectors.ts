/** Further connectors, made of the product's own, for tests in which there is more than one provider. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { ApiReader, Connector, GrantFacts, ProviderEvent, TokenSet } from '#server/connectors/contract'
import { supabase } from '#server/connectors/supabase'
import { ProviderError } from '#server/errors'

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

/** Facts that an installation of `noisy` has: what came with the callback, what the token says, what reading the account shows. */
async function noisyFacts({ facts }: ApiReader): Promise<GrantFacts> {
  // As a connector has to: an id that anybody can write into the callback's address is looked for with the token.
  const refused = ({ forged: 'not_found', nowhere: 'account_missing', several: 'account_ambiguous' } as const)[facts.installation_id ?? '']
  if (refused) throw new ProviderError(refused, 'GET /installations')
  return { plan: 'team', seen: Object.keys(facts).sort().join(' ') }
}

const noisyEvent = z.object({ what: z.string(), account: z.string().optional(), installation: z.string().optional(), at: z.string().optional(), resource: z.string().optional() })
const noisyBody = z.union([
  z.object({ challenge: z.string() }),
  z.object({ id: z.string(), events: z.array(noisyEvent) }).transform(({ id, events }) => ({
    id,
    events: events.map(({ what, account, installation, at, resource }): ProviderEvent => ({
      // Whatever a body says; the product has to look at it.
      what: what as ProviderEvent['what'], accountId: account, facts: installation === undefined ? undefined : { installation_id: installation }, at, resourceId: resource,
    })),
  })),
])

/** What `noisy` puts into `x-noisy-signature`. */
export const noisySignature = (body: string | Uint8Array, key: string) => createHmac('sha256', key).update(body).digest('hex')

/** People may start there; its grants have facts, the operator sets its app's name, and it tells what happens. */
export const noisy: Connector = {
  ...supabase,
  id: 'noisy',
  name: 'Noisy',
  settings: [
    { name: 'app_name', description: 'The app\'s name in its address.', secret: false, required: true, pattern: /^[a-z-]+$/ },
    { name: 'signing_key', description: 'What deliveries are signed with.', secret: true, required: false },
  ],
  authorization: {
    ...supabase.authorization,
    authorizePath: settings => `/apps/${settings.app_name}/authorize`,
    pkce: 'none',
    startsElsewhere: true,
    callbackFacts: ['installation_id', 'team_id'],
    waitsForApproval: { setup_action: 'request' },
    tokenAnswer: z.looseObject({ team_id: z.string().optional() }).transform((answer): TokenSet => ({
      ...pair.parse(answer), ...(answer.team_id ? { facts: { team_id: answer.team_id } } : {}),
    })),
    revocation: { path: ({ facts }) => `/installations/${facts.installation_id ?? 'none'}/revoke`, request: () => ({ encoding: 'json', body: {} }), alreadyGone: [404], covers: ['access_token', 'refresh_token'], ends: 'tokens' },
  },
  account: async api => ({ ...await supabase.account(api), facts: await noisyFacts(api) }),
  webhooks: {
    key: { setting: 'signing_key' },
    verify: ({ headers, body }, key) => {
      const given = Buffer.from(headers.get('x-noisy-signature') ?? '')
      const wanted = Buffer.from(noisySignature(body, key))
      return given.length === wanted.length && timingSafeEqual(given, wanted)
    },
    parse: ({ body }) => noisyBody.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))),
  },
}
