/** What a delivery says. Of a person's profile, of a channel and of everything else in it nothing is taken but ids. */
import { z } from 'zod'
import { endOfSecond, secondsSince1970, type ProviderEvent } from '../contract'

const id = z.string().regex(/^[A-Z0-9]{2,40}$/)
const maybeId = id.nullish().catch(undefined)
const maybeFlag = z.boolean().nullish().catch(undefined)

const json = z.instanceof(Uint8Array).transform((bytes, context): unknown => {
  try { return JSON.parse(new TextDecoder().decode(bytes)) }
  catch {
    context.addIssue('This is no JSON')
    return z.NEVER
  }
})

const delivery = z.discriminatedUnion('type', [
  z.object({ type: z.literal('url_verification'), challenge: z.string().min(1).max(1000) }),
  z.object({
    type: z.literal('event_callback'),
    event_id: z.string().min(1).max(200),
    /** When it happened, which a retry keeps; one that is no time is none. */
    event_time: secondsSince1970.nullish().catch(undefined),
    team_id: maybeId,
    enterprise_id: maybeId,
    is_enterprise_install: maybeFlag,
    // At most one, https://docs.slack.dev/apis/events-api#authorizations. Those of an app's end have none.
    authorizations: z.array(z.object({ team_id: maybeId, enterprise_id: maybeId, is_enterprise_install: maybeFlag })).nullish().catch(undefined),
    event: z.object({
      type: z.string(),
      tokens: z.object({ oauth: z.array(z.string()).nullish(), bot: z.array(z.string()).nullish() }).nullish(),
    }),
  }),
  // Events were left out: nobody knows which.
  z.object({ type: z.literal('app_rate_limited'), team_id: id, minute_rate_limited: z.number() }),
])
type Callback = Extract<z.infer<typeof delivery>, { type: 'event_callback' }>

/** A redelivery has the same `event_id`. @throws ZodError */
export function readDelivery(body: Uint8Array): { challenge: string } | { id: string, events: ProviderEvent[] } {
  const said = delivery.parse(json.parse(body))
  switch (said.type) {
    case 'url_verification': return { challenge: said.challenge }
    case 'event_callback': return { id: said.event_id, events: eventsOf(said).map(event => ({ ...event, ...timeOf(said) })) }
    case 'app_rate_limited': return {
      id: `app_rate_limited:${said.team_id}:${said.minute_rate_limited}`,
      events: [{ what: 'changed', accountId: said.team_id, resourceId: said.team_id }],
    }
  }
}

function timeOf({ event_time: seconds }: Callback): Pick<ProviderEvent, 'at'> {
  return seconds ? { at: endOfSecond(seconds) } : {}
}

function eventsOf(callback: Callback): ProviderEvent[] {
  const { accountId, perhaps } = aboutOf(callback)
  if (!accountId) return []
  const events = eventsFor(callback, accountId)
  return perhaps ? [...events, ...events.filter(event => event.accountId !== perhaps).map(event => forPerhaps(event, perhaps))] : events
}

/** What is perhaps about a grant does not end it, but has it looked at: whether it lives shows then. */
function forPerhaps(event: ProviderEvent, accountId: string): ProviderEvent {
  return event.what === 'ended' ? { what: 'resources', accountId } : { ...event, accountId }
}

function eventsFor(callback: Callback, accountId: string): ProviderEvent[] {
  const { event: { type, tokens }, team_id } = callback
  switch (type) {
    case 'app_uninstalled':
      return [{ what: 'ended', accountId }]
    case 'tokens_revoked':
      // Both lists hold users' ids. Without the app's own token nothing is left; a person's is missed by that person's grant only.
      if (tokens?.bot?.length) return [{ what: 'ended', accountId }]
      return [...new Set(tokens?.oauth)].map(user => ({ what: 'permissions', accountId, facts: { user_id: user } }))
    case 'team_access_granted':
    case 'team_access_revoked':
      // Sent to organizations' apps only, whatever the authorization beside it says.
      return [{ what: 'resources', accountId: callback.enterprise_id ?? callback.authorizations?.[0]?.enterprise_id ?? accountId }]
    case 'team_join':
    case 'user_change':
    case 'channel_shared':
    case 'channel_unshared':
    case 'email_domain_changed':
      return [{ what: 'changed', accountId, ...(team_id && { resourceId: team_id }) }]
    default:
      return []
  }
}

/**
 * The installation that it is told to: an organization's, or a workspace's. What is told without an authorization may still say
 * at the top which of them; a workspace and its organization without a word may be either, and the organization is then `perhaps`.
 */
function aboutOf({ authorizations, is_enterprise_install, team_id, enterprise_id }: Callback): { accountId: string | null, perhaps?: string } {
  const to = authorizations?.[0]
  const organization = to?.enterprise_id ?? enterprise_id ?? null
  const workspace = to?.team_id ?? team_id ?? null
  const wide = to?.is_enterprise_install ?? is_enterprise_install
  if (wide) return { accountId: organization }
  if (!workspace || !organization) return { accountId: workspace ?? organization }
  return wide === false ? { accountId: workspace } : { accountId: workspace, perhaps: organization }
}
