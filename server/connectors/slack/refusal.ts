/**
 * Slack answers 200 and says `ok: false` with an `error` code (https://docs.slack.dev/apis/web-api/#responses; the codes of all
 * methods stand on each method's page). A code that is not here is a refusal like any other.
 */
import { z } from 'zod'
import type { Refusal } from '../contract'
import { retryAfter } from './rate-limit'

const refused = z.object({ ok: z.literal(false), error: z.string(), needed: z.string().nullish().catch(undefined) })

const codes: Readonly<Record<string, Omit<Refusal, 'missing' | 'retryAfterSeconds'>>> = {
  // The token is at its end. `invalid_auth` may also be the address from which we call: a refresh then brings no more.
  token_revoked: { kind: 'unauthorized' },
  token_expired: { kind: 'unauthorized' },
  invalid_auth: { kind: 'unauthorized' },
  account_inactive: { kind: 'unauthorized' },

  missing_scope: { kind: 'forbidden' },
  not_allowed_token_type: { kind: 'forbidden' },
  no_permission: { kind: 'forbidden' },

  paid_only: { kind: 'limited', limitedBy: 'plan' },
  feature_not_enabled: { kind: 'limited', limitedBy: 'plan' },
  preview_feature_not_available: { kind: 'limited', limitedBy: 'plan' },
  not_an_admin: { kind: 'limited', limitedBy: 'role' },
  not_allowed: { kind: 'limited', limitedBy: 'role' },
  restricted_action: { kind: 'limited', limitedBy: 'role' },
  user_is_restricted: { kind: 'limited', limitedBy: 'role' },
  fail_to_get_teams_for_restricted_user: { kind: 'limited', limitedBy: 'role' },
  // The person whose token it is has to set one up before anything is shown to them.
  two_factor_setup_required: { kind: 'limited', limitedBy: 'sso' },
  access_denied: { kind: 'limited', limitedBy: 'policy' },
  accesslimited: { kind: 'limited', limitedBy: 'policy' },
  ekm_access_denied: { kind: 'limited', limitedBy: 'policy' },
  enterprise_is_restricted: { kind: 'limited', limitedBy: 'policy' },
  // Of an organization's app one workspace was taken away, or the method takes no workspace: the grant itself lives.
  team_access_not_granted: { kind: 'limited', limitedBy: 'policy' },
  invalid_team: { kind: 'limited', limitedBy: 'policy' },

  ratelimited: { kind: 'rate_limited' },
  rate_limited: { kind: 'rate_limited' },

  // Among them: the workspace is being moved into an organization.
  internal_error: { kind: 'server_error' },
  fatal_error: { kind: 'server_error' },
  service_unavailable: { kind: 'server_error' },
  request_timeout: { kind: 'server_error' },
  team_added_to_org: { kind: 'server_error' },
  org_login_required: { kind: 'server_error' },

  team_not_found: { kind: 'not_found' },
  unknown_method: { kind: 'not_found' },
  method_deprecated: { kind: 'not_found' },
  deprecated_endpoint: { kind: 'not_found' },
}

/** Null: no refusal, or one whose status says enough (429 and 5xx are true whatever the body says). */
export function refusal({ status, headers, body }: { status: number, headers: Headers, body: unknown }): Refusal | null {
  const said = refused.safeParse(body)
  if (!said.success || status === 429 || status >= 500) return null
  const { error, needed } = said.data
  const known = Object.hasOwn(codes, error) ? codes[error] : undefined
  if (!known) return { kind: 'refused' }
  if (known.kind === 'rate_limited') return { ...known, retryAfterSeconds: retryAfter(headers) ?? undefined }
  // Shown to people and stored: only what looks like the names of permissions.
  return known.kind === 'forbidden' && needed && /^[\w.:,-]{1,200}$/.test(needed) ? { ...known, missing: needed } : known
}
