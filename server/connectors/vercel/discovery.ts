/** Whose installation it is, and what it may see. */
import { ProviderError } from '#server/errors'
import type { ApiReader, ExternalAccount, ResourceDescription } from '../contract'
import { configuration, projects, teamOf, user } from './endpoints'
import { disabledError, whyDisabled } from './installation'

/** The team, or the person where it is installed on a personal account: both survive a reinstall, the configuration's id does not. */
export async function account(api: ApiReader): Promise<ExternalAccount> {
  try {
    return await owner(api)
  }
  catch (error) {
    throw error instanceof ProviderError && error.kind === 'installation_disabled' ? await whyDisabled(api, error) : error
  }
}

async function owner(api: ApiReader): Promise<ExternalAccount> {
  if (!api.facts.team_id) {
    const { user: person } = await api.get(user) ?? strange('GET /v2/user')
    return { id: person.id, name: person.username }
  }
  const team = await api.get(teamOf) ?? strange('GET /v2/teams')
  if (team.id !== api.facts.team_id) strange('GET /v2/teams')
  return { id: team.id, name: team.name ?? team.slug ?? team.id }
}

/** The projects that the person chose at the installation, and the team itself. Chosen anew at any time, without a new token. */
export async function* resources(api: ApiReader): AsyncIterable<ResourceDescription> {
  const grant = api.facts.installation_id ? await api.get(configuration) : null
  const disabled = grant && disabledError(grant)
  if (disabled) throw disabled
  const chosen = grant?.projectSelection === 'selected' ? new Set(grant.projects ?? []) : null
  // A project that is changed between two pages may stand on both.
  const seen = new Set<string>()
  for await (const page of api.pages(projects)) {
    for (const project of page.projects) {
      if (seen.has(project.id) || (chosen && !chosen.has(project.id))) continue
      seen.add(project.id)
      yield {
        kind: 'project',
        externalId: project.id,
        name: project.name,
        metadata: { framework: project.framework ?? null, repository: project.link?.type ?? null, created_at: time(project.createdAt) },
      }
    }
  }
  const team = api.facts.team_id ? await api.get(teamOf) : null
  if (team) yield { kind: 'team', externalId: team.id, name: team.name ?? team.slug ?? team.id, metadata: { slug: team.slug ?? null, plan: team.billing?.plan ?? null } }
}

/** Settings can be read of everything that is listed. */
export function unavailable(): string | null {
  return null
}

/** Vercel's times are milliseconds since 1970. */
function time(milliseconds: number | null | undefined): string | null {
  const date = new Date(milliseconds ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

function strange(call: string): never {
  throw new ProviderError('unexpected_shape', call)
}
