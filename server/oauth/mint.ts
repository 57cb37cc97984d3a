/** The two calls that are signed with a key of the operator's, see `Minting`. */
import { isOAuth, type Minting, type MintingOrder } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import type { OAuthClient } from './client'
import { sendRequest, type Answer, type Call } from './send'
import { refusalOf } from './status'

export type KeyedMinting = Minting & { secretKey: string }

/** Null: the connector makes no tokens, or the operator has given no key. */
export function mintingOf({ connector, settings }: OAuthClient): KeyedMinting | null {
  const minting = isOAuth(connector) ? connector.authorization.minting : undefined
  const secretKey = minting && settings[minting.key]
  return minting && secretKey ? { ...minting, secretKey } : null
}

/**
 * One token, of one call. Null: there is nothing any more that it could be made for, or not with these permissions.
 * @throws ProviderError application_refused: the key is not the application's, or this machine's clock is wrong
 */
export async function mint(client: OAuthClient, minting: KeyedMinting, { path, body }: MintingOrder, signal?: AbortSignal): Promise<{ token: string, expiresAt: Date } | null> {
  const answer = await signedCall(client, minting, { method: 'POST', path, body: JSON.stringify(body), signal })
  if (answer.status === 404 || answer.status === 422) return null
  const refused = refusalOf(answer, client.connector)
  if (refused) throw refused
  const parsed = minting.answer.safeParse(answer.body.kind === 'json' ? answer.body.value : undefined)
  if (!parsed.success) throw new ProviderError('unexpected_shape', answer.call, { status: answer.status })
  return parsed.data
}

/**
 * Asks whether the key is the application's; nothing of the answer is kept.
 * @throws ProviderError application_refused: it is not, or this machine's clock is wrong; else what kept the question from an answer
 */
export async function proveKey(client: OAuthClient, minting: KeyedMinting): Promise<void> {
  const refused = refusalOf(await signedCall(client, minting, { method: 'GET', path: minting.proofPath }), client.connector)
  if (refused) throw refused
}

async function signedCall({ connector, clientId, apiBase, fetch }: OAuthClient, minting: KeyedMinting, call: Pick<Call, 'method' | 'path' | 'body' | 'signal'>): Promise<Answer> {
  const { secretKey } = minting
  const assertion = assertionOf(minting, { clientId, key: secretKey, now: new Date() }, `${call.method} ${call.path}`)
  const answer = await sendRequest({
    ...call, base: apiBase, fetch,
    headers: { ...connector.everyCall?.headers, ...(call.body !== undefined && { 'content-type': 'application/json' }), authorization: `Bearer ${assertion}` },
  })
  if (answer.status === 401) throw new ProviderError('application_refused', answer.call, { status: 401 })
  return answer
}

/** The cause is not kept: an error of the key's parser may quote it. */
function assertionOf(minting: Minting, input: Parameters<Minting['assertion']>[0], call: string): string {
  try { return minting.assertion(input) }
  catch { throw new ProviderError('application_refused', call) }
}
