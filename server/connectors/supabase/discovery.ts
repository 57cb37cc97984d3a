/** Who granted access, and to which projects. */
import type { ApiReader, ExternalAccount, ResourceDescription } from '../contract'
import { ProviderError } from '#server/errors'
import { organizations, projects } from './endpoints'

/**
 * The organization behind the grant; its slug survives a reinstall. A grant covers one organization; should the list ever
 * name several, it is the one that most projects belong to, ties by slug, so that the same grant always gives the
 * same account.
 */
export async function account(api: ApiReader): Promise<ExternalAccount> {
  const listed = await api.get(organizations) ?? []
  const [first, ...others] = [...listed].sort((a, b) => a.slug.localeCompare(b.slug))
  if (!first) throw new ProviderError('unexpected_shape', 'GET /v1/organizations')
  if (others.length === 0) return { id: first.slug, name: first.name }

  const owned = new Map<string, number>()
  for (const project of await api.get(projects) ?? []) owned.set(project.organization_slug, (owned.get(project.organization_slug) ?? 0) + 1)
  const chosen = others.reduce((best, next) => (owned.get(next.slug) ?? 0) > (owned.get(best.slug) ?? 0) ? next : best, first)
  return { id: chosen.slug, name: chosen.name }
}

/** Every project that the grant covers. The list is not paged. */
export async function* resources(api: ApiReader): AsyncIterable<ResourceDescription> {
  for (const project of await api.get(projects) ?? []) {
    yield {
      kind: 'project',
      externalId: project.ref,
      name: project.name,
      metadata: {
        organization_slug: project.organization_slug,
        region: project.region ?? null,
        status: project.status ?? null,
        created_at: project.created_at ?? null,
        postgres_version: project.database?.version ?? null,
      },
    }
  }
}

/** States in which the project's database and services do not run; every other one, known or not, is asked. */
const asleep: Readonly<Record<string, string>> = {
  INACTIVE: 'The project is paused; restore it to have it checked.',
  PAUSING: 'The project is being paused.',
  REMOVED: 'The project has been removed.',
  GOING_DOWN: 'The project is shutting down.',
  COMING_UP: 'The project is starting; it is checked at the next scan.',
  RESTORING: 'The project is being restored; it is checked at the next scan.',
  INIT_FAILED: 'The project could not be set up at Supabase.',
  RESTORE_FAILED: 'The project could not be restored at Supabase.',
}

/** Why a project cannot be asked at all, or null. */
export function unavailable(resource: ResourceDescription): string | null {
  const status = resource.metadata.status
  return typeof status === 'string' && Object.hasOwn(asleep, status) ? asleep[status] ?? null : null
}
