/** Who granted access, and to which teams and sites. */
import type { ApiReader, ExternalAccount, ResourceDescription } from '../contract'
import { ProviderError } from '#server/errors'
import { accounts, sites, user } from './endpoints'

/** The person: a grant is theirs and covers every team that they belong to. The id outlives a new authorization. */
export async function account(api: ApiReader): Promise<ExternalAccount> {
  const person = await api.get(user)
  if (!person) throw new ProviderError('unexpected_shape', 'GET /api/v1/user')
  return { id: person.id, name: person.full_name || person.email || person.id }
}

/**
 * The teams, then their sites, page by page. Both change without a new authorization: somebody who leaves a team keeps a token
 * that works and shows less, down to nothing, and that is no fault.
 */
export async function* resources(api: ApiReader): AsyncIterable<ResourceDescription> {
  const teams = new Map((await api.get(accounts) ?? []).map(team => [team.id, team]))
  for (const team of teams.values()) {
    yield { kind: 'account', externalId: team.id, name: team.name, metadata: { slug: team.slug, plan: team.type_name ?? null } }
  }
  for await (const page of api.pages(sites)) {
    for (const site of page) {
      const team = teams.get(site.account_id)
      yield {
        kind: 'site',
        externalId: site.id,
        name: site.name,
        metadata: {
          account_id: site.account_id,
          account_slug: team?.slug ?? site.account_slug ?? null,
          plan: team?.type_name ?? null,
          url: site.url ?? null,
          custom_domain: site.custom_domain ?? null,
          disabled: site.disabled ?? null,
          // What a team sets for all of its sites.
          team_password: team?.has_site_password ?? null,
          team_password_context: team?.site_password_context ?? null,
        },
      }
    }
  }
}

/** Why a resource cannot be asked at all, or null. */
export function unavailable({ metadata }: ResourceDescription): string | null {
  return metadata.disabled === true ? 'The site is switched off at Netlify; enable it to have it checked.' : null
}
