/**
 * What calls of the provider's API say of a connection: of the version whose token was sent, and nothing of what the token
 * endpoint has said (supabase/migrations, verdicts).
 */
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { sentences } from './refresh-policy'
import type { IntegrationRow } from './row'
import { entryOf } from './store-answer'

type Version = Pick<IntegrationRow, 'id' | 'version'>

/** The API took the token of this version, at that time. */
export async function noteSuccess({ id, version }: Version, answeredAt: Date): Promise<void> {
  unwrap(await askAgain(() => serviceClient().rpc('note_success', { p_id: id, p_version: version, p_answered_at: answeredAt.toISOString() })))
}

/** The API refused a fresh token: the person withdrew the consent there. @returns whether it is this row's token still */
export async function noteRefusal(row: Version): Promise<boolean> {
  const what = { class: 'dead_grant', code: 'unauthorized' }
  return unwrap(await askAgain(() => serviceClient().rpc('note_refusal', {
    p_id: row.id, p_version: row.version,
    p_error: { ...what, call: 'api', message: sentences.refused, at: new Date().toISOString() },
    p_audit: entryOf(row, 'credential.refused', what),
  })))
}
