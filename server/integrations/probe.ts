/**
 * A look at a connection: one cheap call of its provider's API. It shows whether the token is alive, and whether what the provider
 * had said of the grant is over.
 */
import type { ExternalAccount } from '#server/connectors/contract'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import { noteDisabled, noteSuccess } from './api-verdict'
import { CredentialError } from './credential-error'
import { withApi } from './credentials'
import type { Lanes } from './lanes'
import { takeBack, wordOn, type ProviderWord } from './provider-word'
import { afterLimit, retryAt, sentences } from './refresh-policy'
import { lookAt } from './role-trust'
import { slotsOf, type IntegrationRow } from './row'
import { nextRefresh } from './token-config'

/** The API took the token and refused something else. */
const livingKinds: readonly ProviderErrorKind[] = ['forbidden', 'not_found', 'payment_required', 'limited', 'refused', 'unexpected_shape', 'account_ambiguous']

/** A provider's word about this one grant, which says nothing of the others': it answers. */
export function isWord(code: string): code is 'role_refused' | 'account_missing' {
  return code === 'role_refused' || code === 'account_missing'
}

/**
 * A 401 forces a refresh, as everywhere.
 * @param fresh the token was renewed just now: a 401 says all
 * @returns postponed: the provider takes no calls at the moment, which says nothing of anybody
 * @throws CredentialError with what was noted
 */
export async function probe(row: IntegrationRow, turns: Lanes, signal: AbortSignal, fresh = false): Promise<'probed' | 'postponed'> {
  const word = await wordOn(row)
  const leave = await turns.enter(row.connector.id)
  const now = new Date()
  let answered = true
  try {
    const use = { integrationId: row.id, purpose: 'probe', actor: { type: 'system', id: null, email: null } } as const
    const account = await withApi(use, signal, api => lookAt(row.connector, api), fresh)
    await noteFound(row, account, word, now)
    return 'probed'
  }
  catch (error) {
    // What the renewal that a 401 forced brought is written already.
    if (!(error instanceof ProviderError)) throw error
    answered = !isSilence(error)
    return await noteError(row, error, word, now)
  }
  finally {
    leave(answered)
  }
}

/** It could not be reached, or said nothing that we understand; or it was not asked, since others had used up what it takes. */
function isSilence({ kind, options }: ProviderError): boolean {
  return kind === 'rate_limited' ? options.status === undefined : kind !== 'installation_disabled' && !livingKinds.includes(kind) && !isWord(kind)
}

async function noteFound(row: IntegrationRow, account: ExternalAccount, word: ProviderWord | null, now: Date): Promise<void> {
  await notePassed(row, now)
  // A token may outlive the installation it came with, and reach another one.
  if (word && account.id === row.externalAccountId) await takeBack(row, word)
}

async function noteError(row: IntegrationRow, error: ProviderError, word: ProviderWord | null, now: Date): Promise<'probed' | 'postponed'> {
  if (error.kind === 'rate_limited') {
    await notePostponed(row, error, now)
    return 'postponed'
  }
  if (error.kind === 'installation_disabled') {
    await noteDisabled(row, error)
    await notePassed(row, now)
    return 'probed'
  }
  if (livingKinds.includes(error.kind)) {
    await noteSuccess(row, now)
    await notePassed(row, now)
    return 'probed'
  }
  if (word && error.kind === 'account_missing') {
    // As it had said: no failure, and no reason to ask again soon.
    await notePassed(row, now)
    return 'probed'
  }
  await noteUnreached(row, error.kind, now)
  throw new CredentialError('passing', error.kind, { cause: error })
}

async function notePassed(row: IntegrationRow, now: Date): Promise<void> {
  const next = nextRefresh(row.config, slotsOf(row), now)
  unwrap(await askAgain(() => serviceClient().rpc('note_probe', {
    p_id: row.id, p_version: row.version, p_error: null, p_failed: false, p_refresh_due_at: next.dueAt, p_refresh_slot: next.slot,
  })))
}

/** Nothing but when to look again; if that is not for long, a success speaks for the connection until it is too old. */
async function notePostponed(row: IntegrationRow, { options }: ProviderError, now: Date): Promise<void> {
  const { slot, dueAt } = nextRefresh(row.config, slotsOf(row), now)
  const again = afterLimit(options.retryAfterSeconds, new Date(dueAt), now)
  unwrap(await askAgain(() => serviceClient().from('integrations').update({ refresh_due_at: again.toISOString(), refresh_slot: slot })
    .eq('id', row.id).eq('version', row.version)))
}

async function noteUnreached(row: IntegrationRow, code: string, now: Date): Promise<void> {
  unwrap(await askAgain(() => serviceClient().rpc('note_probe', {
    p_id: row.id, p_version: row.version, p_failed: true, p_refresh_slot: row.refreshSlot,
    p_error: { class: 'passing', code, call: 'api', message: sentences[isWord(code) ? code : 'unprobed'], at: now.toISOString() },
    p_refresh_due_at: retryAt('passing', row.refreshFailures, now).toISOString(),
  })))
}
