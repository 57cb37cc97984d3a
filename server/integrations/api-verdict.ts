/**
 * What calls of the provider's API say of a connection: of the version whose token was sent, and nothing of what the token
 * endpoint has said (supabase/migrations, verdicts).
 */
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { ProviderError } from '#server/errors'
import { wordsOf } from './health-reasons'
import { sentences } from './refresh-policy'
import type { IntegrationRow } from './row'
import { entryOf } from './store-answer'

type Version = Pick<IntegrationRow, 'id' | 'version'>

/** The API took the token of this version, at that time. */
export async function noteSuccess({ id, version }: Version, answeredAt: Date): Promise<void> {
  unwrap(await askAgain(() => serviceClient().rpc('note_success', { p_id: id, p_version: version, p_answered_at: answeredAt.toISOString() })))
}

/** The app is switched off at the provider, which may be undone there: every look tries it again. */
export async function noteDisabled(row: Version, { options: { disabled } }: ProviderError): Promise<void> {
  const code = disabled ? `disabled_${disabled}` as const : 'installation_disabled'
  await writeRefusal(row, code, wordsOf('action_required', code).sentence)
}

/** The API refused a fresh token: the person withdrew the consent there. @returns whether it is this row's token still */
export async function noteRefusal(row: Version): Promise<boolean> {
  return writeRefusal(row, 'unauthorized', sentences.refused)
}

async function writeRefusal(row: Version, code: string, message: string): Promise<boolean> {
  const what = { class: 'dead_grant', code }
  return unwrap(await askAgain(() => serviceClient().rpc('note_refusal', {
    p_id: row.id, p_version: row.version,
    p_error: { ...what, call: 'api', message, at: new Date().toISOString() },
    p_audit: entryOf(row, 'credential.refused', what),
  })))
}
