/** How an assessment ends: what a person is told when it could not be done, and what the audit log says. */
import { auditRow, type AuditAction } from '#server/audit'
import { AppError } from '#server/errors'
import { CredentialError } from '#server/integrations/credential-error'
import { EncryptionError, type EncryptionErrorCode } from '#server/utils/encryption'
import type { Claimed } from './lease'

export const worker = { type: 'worker', id: null, email: null } as const

/** The key's trouble and not the credential's: nobody has to reconnect. */
const keyFailures: Partial<Record<EncryptionErrorCode, string>> = {
  key_unavailable: 'The key management service did not open the credential\'s key. The connection is as it was: scan again when the service is back.',
  key_exhausted: 'The organization\'s key has been used as often as a key may be. The operator has to run: npm run keys:rotate -- --data-keys',
}

/** What a person is told of an assessment that could not be done. */
export function failureOf(error: unknown): { code: string, message: string } {
  if (error instanceof CredentialError) {
    return error.failure === 'dead_grant'
      ? { code: 'reconnect_required', message: 'The provider no longer accepts this connection. Reconnect it.' }
      : { code: `credential_${error.failure}`, message: 'The credential could not be renewed. It is tried again by itself.' }
  }
  if (error instanceof EncryptionError) {
    const message = keyFailures[error.code]
    return message
      ? { code: error.code, message }
      : { code: 'credential_unreadable', message: 'The stored credential can\'t be opened with this installation\'s keys. Reconnect, or ask the operator to restore the key.' }
  }
  if (error instanceof AppError) return { code: error.code, message: error.message }
  return { code: 'internal', message: 'Something went wrong on our side.' }
}

/** The audit entry of an assessment's end. */
export function entryOf(claimed: Claimed, action: AuditAction, detail: Record<string, string | number> = {}) {
  return auditRow({ actor: worker, action, target: { type: 'integration', id: claimed.integration_id }, detail: { assessment_id: claimed.id, ...detail } })
}
