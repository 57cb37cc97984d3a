/** Tokens that are made with a key of the operator's, see `Minting`: held for as long as a reader reads, stored nowhere. */
import { isOAuth, type GrantFacts, type Minting } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import type { OAuthClient } from './client'
import { sendRequest } from './send'
import { statusError } from './status'

/** A token that ends sooner than this is replaced first. Milliseconds. */
const AHEAD_MS = 60_000

export interface MintedTokens {
  /** Null: none can be made for this grant, and its own token serves. @throws ProviderError */
  token: () => Promise<string | null>
  /** After a 401 for this token: the next one is made anew, once. @throws the cause when that one was refused as well */
  refused: (token: string, cause: ProviderError) => void
}

/** Null: the connector makes none, the operator has given no key, or the grant has nothing to make them for. */
export function mintedTokens(client: OAuthClient, facts: GrantFacts, signal?: AbortSignal): MintedTokens | null {
  const minting = isOAuth(client.connector) ? client.connector.authorization.minting : undefined
  const key = minting && client.settings[minting.key]
  const path = minting?.path(facts) ?? null
  if (!minting || !key || path === null) return null

  let held: Promise<{ token: string, expiresAt: Date } | null> | null = null
  let current: string | null = null
  let replaced = false
  const lives = async () => {
    const minted = await held
    return minted === null || minted.expiresAt.getTime() - AHEAD_MS > Date.now()
  }
  return {
    async token() {
      if (held === null || !await lives()) {
        held = mint(client, minting, { key, path }, signal)
        // What failed may be tried again by the next call.
        held.catch(() => { held = null })
      }
      current = (await held)?.token ?? null
      return current
    },
    refused(token, cause) {
      if (token !== current) return
      if (replaced) throw cause
      replaced = true
      held = null
    },
  }
}

/** Null: there is nothing any more that it could be made for. */
async function mint(client: OAuthClient, minting: Minting, { key, path }: { key: string, path: string }, signal?: AbortSignal) {
  const { connector, clientId, apiBase, fetch } = client
  const answer = await sendRequest({
    method: 'POST', base: apiBase, path, fetch, signal,
    headers: { ...connector.everyCall?.headers, authorization: `Bearer ${assertionOf(minting, { clientId, key, now: new Date() }, path)}` },
  })
  if (answer.status === 404) return null
  // The key or the clock is wrong, which nobody but the operator can mend.
  if (answer.status === 401) throw new ProviderError('application_refused', answer.call, { status: 401 })
  if (answer.status < 200 || answer.status > 299) throw statusError(answer, connector.retryAfter)
  const parsed = minting.answer.safeParse(answer.body.kind === 'json' ? answer.body.value : undefined)
  if (!parsed.success) throw new ProviderError('unexpected_shape', answer.call, { status: answer.status })
  return parsed.data
}

/** The cause is not kept: an error of the key's parser may quote it. */
function assertionOf(minting: Minting, input: Parameters<Minting['assertion']>[0], path: string): string {
  try { return minting.assertion(input) }
  catch { throw new ProviderError('application_refused', `POST ${path}`) }
}
