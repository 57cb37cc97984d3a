/** What a delivery says (https://docs.github.com/en/webhooks/webhook-events-and-payloads). The type stands in a header. */
import { z } from 'zod'
import { endOfSecond, secondsSince1970, type Delivery, type ProviderEvent } from '../../contract'
import { organizationId } from '../discovery'
import { maybe, id } from '../endpoints/fields'

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  }
  catch {
    context.addIssue({ code: 'custom', message: 'is no JSON' })
    return z.NEVER
  }
})

const party = z.object({ id })

/** Seconds since 1970 or ISO 8601, which are both in use; as seconds. */
const time = z.union([secondsSince1970, z.iso.datetime({ offset: true }).transform(text => Math.floor(Date.parse(text) / 1000)).pipe(secondsSince1970)])

const payloadSchema = z.object({
  action: maybe(z.string()),
  installation: maybe(z.object({ id, account: maybe(party), suspended_at: maybe(time), updated_at: maybe(time) })),
  /** Of `installation_target`. */
  account: maybe(party),
  organization: maybe(party),
  repository: maybe(z.object({ id, owner: maybe(party) })),
  sender: maybe(party),
})
type Payload = z.infer<typeof payloadSchema>
type What = ProviderEvent['what']

const headersSchema = z.object({ event: z.string().regex(/^[a-z_]{1,100}$/), delivery: z.string().min(1).max(200) })

/** @throws ZodError */
export function parse({ headers, body }: Delivery): { id: string, events: readonly ProviderEvent[] } {
  const { event, delivery } = headersSchema.parse({ event: headers.get('x-github-event'), delivery: headers.get('x-github-delivery') })
  const payload = json.pipe(payloadSchema).parse(new TextDecoder().decode(body))
  return { id: delivery, events: eventsOf(event, payload) }
}

const installed: Readonly<Record<string, What>> = { deleted: 'ended', suspend: 'suspended', unsuspend: 'resumed', new_permissions_accepted: 'permissions' }

/** Events after which a resource deserves another look. */
const changing = new Set([
  'branch_protection_configuration', 'branch_protection_rule', 'code_scanning_alert', 'dependabot_alert', 'deploy_key', 'member', 'member_privileges',
  'organization', 'public', 'repository', 'repository_ruleset', 'repository_vulnerability_alert', 'secret_scanning_alert', 'security_and_analysis',
])
/** Actions of `repository` after which there is another list, or another name or owner in it. */
const moving = new Set(['archived', 'created', 'deleted', 'renamed', 'transferred', 'unarchived'])

function eventsOf(event: string, payload: Payload): ProviderEvent[] {
  const { action = '', installation, sender } = payload
  if (event === 'github_app_authorization') {
    // A person took their consent back: GitHub says who, and not for which accounts.
    return action === 'revoked' && sender ? [{ what: 'ended', facts: { user_id: String(sender.id) } }] : []
  }
  const about = aboutOf(payload)
  if (!installation || !about) return []
  switch (event) {
    case 'installation': return only(action && Object.hasOwn(installed, action) ? installed[action] : undefined, { ...about, ...timeOf(action, installation) })
    case 'installation_repositories':
    case 'installation_target': return only('resources', about)
    default: return changing.has(event) ? [...only(event === 'repository' && moving.has(action ?? '') ? 'resources' : undefined, about), { what: 'changed', ...about, ...resourceOf(payload) }] : []
  }
}

function only(what: What | undefined, about: Omit<ProviderEvent, 'what'>): ProviderEvent[] {
  return what === undefined ? [] : [{ what, ...about }]
}

/**
 * When it happened, as far as GitHub says: by a suspension's own time, and by the change of the installation that its end is. An
 * installation's removal changes nothing in it: `updated_at` is from long before, and the installation's number tells which one
 * is meant. Of a suspension and its end in one second the end came later.
 */
function timeOf(action: string | null, { suspended_at: suspended, updated_at: updated }: NonNullable<Payload['installation']>): Pick<ProviderEvent, 'at'> {
  const began = suspended ?? updated
  if (action === 'suspend' && began) return { at: new Date(began * 1000).toISOString() }
  return action === 'unsuspend' && updated ? { at: endOfSecond(updated) } : {}
}

/** The account, and the very installation: an account may have been left and joined again. */
function aboutOf({ installation, account, organization, repository }: Payload): Pick<ProviderEvent, 'accountId' | 'facts'> | null {
  const owner = installation?.account ?? account ?? organization ?? repository?.owner
  return installation && owner ? { accountId: String(owner.id), facts: { installation_id: String(installation.id) } } : null
}

function resourceOf({ repository, organization }: Payload): Pick<ProviderEvent, 'resourceId'> {
  if (repository) return { resourceId: String(repository.id) }
  return organization ? { resourceId: organizationId(organization.id) } : {}
}
