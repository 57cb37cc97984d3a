/** Who granted access, and to which projects. */
import type { ApiReader, ExternalAccount, ResourceDescription } from '../contract'
import { ProviderError } from '#server/errors'
import { projects, user } from './endpoints'

/** The person: a grant is theirs. The id outlives a new authorization and a new name. */
export async function account(api: ApiReader): Promise<ExternalAccount> {
  const person = await api.get(user)
  if (!person) throw new ProviderError('unexpected_shape', 'GET /api/v4/user')
  return { id: String(person.id), name: person.username }
}

/** The projects that the person maintains, page by page. They change without a new authorization. */
export async function* resources(api: ApiReader): AsyncIterable<ResourceDescription> {
  for await (const page of api.pages(projects)) {
    for (const { id, path_with_namespace: name, default_branch, archived, visibility } of page) {
      yield {
        kind: 'project',
        externalId: String(id),
        name,
        metadata: { default_branch: default_branch ?? null, archived: archived ?? null, visibility: visibility ?? null },
      }
    }
  }
}

/** Why a project cannot be asked at all, or null. */
export function unavailable({ metadata }: ResourceDescription): string | null {
  return metadata.archived === true ? 'The project is archived: nothing in it can change. Unarchive it to have it checked.' : null
}
