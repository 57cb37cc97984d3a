/** Vercel's event types in the product's words. Types that do not concern a scan are no events. */
import { z } from 'zod'
import type { GrantFacts, ProviderEvent } from '../contract'

const id = z.object({ id: z.string().min(1) })
const owner = z.object({ team: id.nullish(), user: id.nullish() })
const installation = owner.extend({ configuration: id })
const transfer = z.object({ configuration: id, previousTeamId: z.string().min(1).nullish(), newTeamId: z.string().min(1).nullish() })
const project = owner.extend({ projectId: z.string().min(1).nullish(), project: id.nullish() })
const moved = owner.extend({ from: z.object({ projectId: z.string().min(1) }).nullish(), to: z.object({ projectId: z.string().min(1) }).nullish() })

/** @throws ZodError when a type that is known has not what it is documented to have */
export function eventsOf(type: string, payload: unknown): ProviderEvent[] {
  switch (type) {
    case 'integration-configuration.removed': return ofInstallation(payload, ['ended'])
    // "The user changes the project permission": which projects it may see.
    case 'integration-configuration.permission-upgraded': return ofInstallation(payload, ['permissions', 'resources'])
    case 'integration-configuration.scope-change-confirmed': return ofInstallation(payload, ['permissions'])
    case 'integration-configuration.transferred': return transferred(payload)
    case 'project.created':
    case 'project.removed':
    case 'project.renamed': return [{ what: 'resources', accountId: accountOf(owner.parse(payload)) }]
    case 'project.env-variable.created':
    case 'project.env-variable.updated':
    case 'project.env-variable.deleted': return changed(payload)
    default: return /^project\.domain[.-]/.test(type) ? domainChanged(payload) : []
  }
}

function ofInstallation(payload: unknown, what: readonly ProviderEvent['what'][]): ProviderEvent[] {
  const read = installation.parse(payload)
  return what.map(one => ({ what: one, accountId: accountOf(read), facts: factsOf(read) }))
}

/** To another team: this account's grant is over. Within the team it is what revives a disabled one. */
function transferred(payload: unknown): ProviderEvent[] {
  const read = transfer.parse(payload)
  const accountId = read.previousTeamId ?? read.newTeamId
  if (!accountId) return []
  const over = read.newTeamId && read.newTeamId !== accountId
  return [{ what: over ? 'ended' : 'resumed', accountId, facts: factsOf(read) }]
}

function changed(payload: unknown): ProviderEvent[] {
  const read = project.parse(payload)
  return [changedIn(accountOf(read), read.projectId ?? read.project?.id)]
}

function domainChanged(payload: unknown): ProviderEvent[] {
  const { from, to, ...read } = moved.parse(payload)
  const between = [from?.projectId, to?.projectId].filter(one => one !== undefined)
  return between.length > 0 ? [...new Set(between)].map(one => changedIn(accountOf(read), one)) : changed(payload)
}

function changedIn(accountId: string, resourceId: string | undefined): ProviderEvent {
  return { what: 'changed', accountId, ...(resourceId !== undefined && { resourceId }) }
}

/** A reinstall has a new configuration: what is said of an old one must not touch it. */
function factsOf(read: { configuration: { id: string } }): GrantFacts {
  return { installation_id: read.configuration.id }
}

/** The team's event, or on a personal account the person's. */
function accountOf(read: z.infer<typeof owner>): string {
  return id.parse(read.team ?? read.user).id
}
