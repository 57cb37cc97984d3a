/** Forgotten passwords: a mail with a link, where the mode can send one. */
import type { H3Event } from 'h3'
import { byUser, noteAudit, recordAudit, type RequestInfo } from '#server/audit'
import { anonClient, userClient } from '#server/database/clients'
import { AppError } from '#server/errors'
import { env } from '#server/utils/env'
import { log } from '#server/utils/log'
import type { SessionView } from './organizations'
import { sessionClient } from './session'
import { arrive, orLeave } from './sign-in'

/** Answers the same whether the address has an account or not. @throws AppError mail_unavailable */
export async function requestPasswordReset(email: string): Promise<void> {
  if (env().mode === 'embedded') {
    throw new AppError('mail_unavailable', 'This installation uses the embedded database, which has no mail server. Ask its operator, or use Supabase.')
  }
  const { error } = await anonClient().auth.resetPasswordForEmail(email, { redirectTo: `${env().appUrl}/password/reset` })
  if (error) log.warn('password reset mail was not accepted', { error_code: error.code, status: error.status })
}

/** Sets a new password with the token of the mail's link, which is good once, and signs in. */
export async function resetPassword(event: H3Event, tokenHash: string, password: string, from: RequestInfo): Promise<SessionView> {
  const client = sessionClient(event)
  const { data, error } = await client.auth.verifyOtp({ token_hash: tokenHash, type: 'recovery' })
  if (error || !data.session || !data.user) throw new AppError('invitation_invalid', 'This link is used up or expired. Ask for a new mail.')
  const session = { userId: data.user.id, email: data.user.email ?? '', accessToken: data.session.access_token, client: userClient(data.session.access_token), organizationId: null }
  return orLeave(event, async () => {
    // Before it: the auth server's deed can't be in one statement with our entry.
    const entry = { organizationId: null, actor: byUser(session), action: 'password.reset', from } as const
    await recordAudit(entry)
    const changed = await client.auth.updateUser({ password })
    if (changed.error) {
      await noteAudit({ ...entry, detail: { refused: true } })
      throw new AppError('invalid_request', undefined, { errors: [{ field: 'password', message: 'was not accepted' }] })
    }
    return arrive(event, session, undefined, from)
  })
}
