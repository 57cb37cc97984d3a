/** Who granted access, and to which workspaces. */
import { ProviderError } from '#server/errors'
import type { ApiReader, ExternalAccount, ResourceDescription } from '../contract'
import { identity, workspace, workspaces } from './endpoints'

type Identity = NonNullable<Awaited<ReturnType<typeof identify>>>

async function identify(api: ApiReader) {
  const who = await api.get(identity)
  if (!who) throw new ProviderError('unexpected_shape', 'GET /api/auth.test')
  return who
}

/**
 * A workspace or, where an organization installed the app for itself, that organization. Both ids survive a reinstall, and a
 * workspace keeps its own when it moves into an organization.
 */
export async function account(api: ApiReader): Promise<ExternalAccount> {
  const who = await identify(api)
  const id = idOf(who)
  return { id, name: who.team ?? id }
}

function idOf(who: Identity): string {
  const id = who.is_enterprise_install ? who.enterprise_id : who.team_id
  if (!id) throw new ProviderError('unexpected_shape', 'GET /api/auth.test')
  return id
}

/**
 * The one workspace, or all those of the organization that the app was added to: of these what the list says, since somebody may
 * be waiting, an organization can have hundreds, and `team.info` answers for fifty a minute. The checks ask for it where they need it.
 */
export async function* resources(api: ApiReader): AsyncIterable<ResourceDescription> {
  const who = await identify(api)
  if (!who.is_enterprise_install) {
    yield await alone(api, who)
    return
  }
  for await (const page of api.pages(workspaces)) {
    for (const { id, name } of page.teams) {
      // An organization's token answers for no single workspace unless one is named.
      yield { kind: 'workspace', externalId: id, name: name ?? id, metadata: { enterprise_id: who.enterprise_id ?? null, install: 'organization' } }
    }
  }
}

async function alone(api: ApiReader, who: Identity): Promise<ResourceDescription> {
  const id = idOf(who)
  const known = { kind: 'workspace', externalId: id, name: who.team ?? id, metadata: {} }
  const info = (await api.get(workspace, known))?.team
  return {
    ...known,
    name: info?.name ?? known.name,
    metadata: { domain: info?.domain ?? null, enterprise_id: info?.enterprise_id ?? who.enterprise_id ?? null, install: 'workspace' },
  }
}
