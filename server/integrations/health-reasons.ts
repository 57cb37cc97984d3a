/**
 * The one place that puts a reason code into words: what happened, and what to do. The codes are those of `health_of`
 * (supabase/migrations, health), of `last_error`, and through it of server/oauth/failure.ts and server/errors.ts.
 */
import type { HealthState, NextAction } from '#shared/vocabulary'

export interface Words { sentence: string, next_action: NextAction | null }
interface Section { next_action: NextAction, otherwise: string, codes: Readonly<Record<string, string>> }

const again = 'It is tried again by itself.'

/** By the class of a failure, and its code: one code may come with several classes. */
const failures = {
  dead_grant: {
    next_action: 'reconnect',
    otherwise: 'The provider no longer accepts this connection. Reconnect.',
    codes: {
      invalid_grant: 'The provider says that this connection has expired or was revoked. Reconnect.',
      grant_rejected: 'The provider says that this connection has expired or was revoked. Reconnect.',
      access_denied: 'The provider says that access was withdrawn. Reconnect.',
      uninstalled: 'The provider says that the app was removed there. Reconnect.',
      unauthorized: 'The provider refuses the credential, even a fresh one: somebody may have removed the app there. Reconnect.',
      expired_without_refresh_token: 'The credential has ended, and the provider gave nothing to renew it with. Reconnect.',
      unrecognised: 'The provider refused to renew this connection, without a reason that we know. Reconnect.',
      role_refused: 'The role no longer lets this product in: it is gone, or its trust policy was changed. Put it back, or reconnect.',
      answer_lost: 'The app stopped, or lost the connection, while it renewed this credential, and the provider\'s answer was lost; the provider no longer accepts the old one. Reconnect.',
    },
  },
  our_application: {
    next_action: 'operator',
    otherwise: 'The provider does not accept this installation\'s app as it is set up. The operator has to look at its settings.',
    codes: {
      invalid_client: 'The provider does not accept this installation\'s client id or secret. The operator has to correct them.',
      client_rejected: 'The provider does not accept this installation\'s client id or secret. The operator has to correct them.',
      unauthorized_client: 'The provider does not allow this installation\'s app to renew connections. The operator has to look at the app there.',
      redirect_rejected: 'The provider does not know this installation\'s redirect address. The operator has to add it to the app there.',
      invalid_scope: 'The provider does not offer a permission that this installation asks for. The operator has to look at the app there.',
      application_refused: 'The provider does not accept this installation\'s own credentials. The operator has to correct them.',
      not_configured: 'This provider is no longer configured here. The operator has to set its client id and secret.',
    },
  },
  passing: {
    next_action: 'wait',
    otherwise: `The provider could not be reached to renew the credential. ${again}`,
    codes: {
      rate_limited: `The provider asked us to slow down. ${again}`,
      slow_down: `The provider asked us to slow down. ${again}`,
      busy: `The provider is busy. ${again}`,
      server_error: `The provider had an error of its own. ${again}`,
      temporarily_unavailable: `The provider is away for the moment. ${again}`,
      timeout: `The provider did not answer in time. ${again}`,
      not_json: `Something between us and the provider answered in its place. ${again}`,
      unexpected_shape: `The provider answered with something we could not read. ${again}`,
      role_refused: `The role did not let this product in. ${again}`,
      refresh_busy: `Renewing the credential took too long. ${again}`,
    },
  },
} as const satisfies Record<string, Section>

const calm: Readonly<Record<string, Words>> = {
  paused: { sentence: 'Paused: it is not scanned until you resume it.', next_action: null },
  not_used_yet: { sentence: 'Not used yet: the first scan will tell.', next_action: 'wait' },
  not_verified: { sentence: 'Nothing has verified this connection for a day and a half. Scan it now.', next_action: 'scan' },
}
const off = (why: string): Words => ({ sentence: `The app is switched off at the provider${why}. Once somebody there takes it over or switches it on, it goes on by itself; else reconnect.`, next_action: 'reconnect' })

/** What only somebody at the provider can change, whatever state it makes here. */
const elsewhere: Readonly<Record<string, Words>> = {
  suspended: { sentence: 'The app is suspended at the provider. When somebody there lifts that, it goes on by itself within a day; a scan shows it at once.', next_action: 'scan' },
  role_opens_without_id: { sentence: 'The role opens without its external id, so that anybody who names it to this product could see the account. Put the condition back into its trust policy; a scan shows that it is there.', next_action: 'scan' },
  role_opens_with_any_id: { sentence: 'The role opens with any external id, so that anybody who names it to this product could see the account. Put the condition with its own id back into its trust policy; a scan shows that it is there.', next_action: 'scan' },
  installation_disabled: off(''),
  disabled_plan: off(', since the account went to a smaller plan'),
  disabled_feature: off(', since the account does not have a feature that it needs'),
  disabled_by_admin: off(' by an administrator of the provider'),
  disabled_by_owner: off(' by an owner of the account'),
  disabled_owner_left: off(', since whoever installed it has left the team'),
  disabled_owner_demoted: off(', since whoever installed it has lost the role for it'),
  account_missing: { sentence: 'The provider says that this connection reaches no account any more. Install the app there again, or reconnect.', next_action: 'reconnect' },
}
const healthy: Words = { sentence: 'The last call with this credential succeeded.', next_action: null }

/** @param failure the class of the last error, where it is still known; else the state and the code tell it */
export function wordsOf(state: HealthState, reason: string, failure?: string): Words {
  if (state === 'healthy') return healthy
  if (state === 'unknown') return own(calm, reason) ?? { sentence: 'Nothing is known of this connection yet.', next_action: 'wait' }
  const there = own(elsewhere, reason)
  if (there) return there
  const section: Section = state === 'action_required' ? failures.dead_grant
    : failure === 'our_application' || (failure === undefined && own(failures.our_application.codes, reason)) ? failures.our_application : failures.passing
  return { sentence: own(section.codes, reason) ?? section.otherwise, next_action: section.next_action }
}

/** The table's own entry: a code is a text from a database, which may be `constructor`. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
