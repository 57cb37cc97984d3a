/** Who granted access, and to which organization and repositories. */
import type { ApiReader, ExternalAccount, ResourceDescription } from '../contract'
import { ProviderError } from '#server/errors'
import { installationRepositories, user, userOrganizations, userRepositories, type ListedRepository } from './endpoints'
import { chosenInstallation } from './installation'

/**
 * The account in which the app is installed; its id survives a reinstall. For an OAuth App, the person.
 * @throws ProviderError not_found, account_missing, account_ambiguous: see `chosenInstallation`
 */
export async function account(api: ApiReader): Promise<ExternalAccount> {
  const installed = await chosenInstallation(api)
  const person = await api.get(user)
  if (!person) throw new ProviderError('unexpected_shape', 'GET /user')
  // Whose withdrawal of the consent ends the grant.
  const facts = { user_id: String(person.id) }
  if (!installed) return { id: String(person.id), name: person.login, facts }
  const { id, login, slug } = installed.account
  return { id: String(id), name: login ?? slug ?? String(id), facts: { ...facts, installation_id: String(installed.id), account_id: String(id) } }
}

/** Page by page: an organization may have thousands of repositories. @throws as `account` */
export async function* resources(api: ApiReader): AsyncIterable<ResourceDescription> {
  const installed = await chosenInstallation(api)
  if (!installed) return yield* ofPerson(api)
  const { id, login, type } = installed.account
  if (type === 'Organization' && login) yield organizationResource(id, login)
  const installation = { kind: 'installation', externalId: String(installed.id), name: '', metadata: {} }
  for await (const page of api.pages(installationRepositories, installation)) yield* page.map(repositoryResource)
}

async function* ofPerson(api: ApiReader): AsyncIterable<ResourceDescription> {
  for await (const page of api.pages(userOrganizations)) yield* page.map(({ id, login }) => organizationResource(id, login))
  for await (const page of api.pages(userRepositories)) yield* page.map(repositoryResource)
}

/** Organizations and repositories are counted apart: the same number may be one of each. */
export function organizationId(id: number): string {
  return `organization:${id}`
}

function organizationResource(id: number, login: string): ResourceDescription {
  return { kind: 'organization', externalId: organizationId(id), name: login, metadata: { login } }
}

function repositoryResource(repository: ListedRepository): ResourceDescription {
  const { id, name, full_name: fullName, owner } = repository
  return {
    kind: 'repository',
    externalId: String(id),
    name: fullName,
    metadata: {
      owner: owner.login,
      repository: name,
      default_branch: repository.default_branch ?? null,
      address: repository.html_url ?? null,
      visibility: repository.visibility ?? (repository.private ? 'private' : null),
      archived: repository.archived ?? null,
      disabled: repository.disabled ?? null,
      fork: repository.fork ?? null,
    },
  }
}

/** Why a resource cannot be asked at all, or null. */
export function unavailable(resource: ResourceDescription): string | null {
  return resource.metadata.disabled === true ? 'GitHub has disabled this repository.' : null
}
