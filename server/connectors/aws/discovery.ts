import type { ApiReader, ExternalAccount, ResourceDescription } from '../contract'
import { ProviderError } from '#server/errors'
import { accountAliases, callerIdentity, regionList } from './endpoints'
import { chosenRegions, regions } from './regions'

/** The account's number outlives everything; its alias may change. */
export async function account(api: ApiReader): Promise<ExternalAccount> {
  const identity = await api.get(callerIdentity)
  if (!identity) throw new ProviderError('unexpected_shape', 'sts:GetCallerIdentity')
  return { id: identity.Account, name: await aliasOf(api) ?? identity.Account }
}

/** A role that may not read it has an account all the same. */
async function aliasOf(api: ApiReader): Promise<string | undefined> {
  try {
    return (await api.get(accountAliases))?.AccountAliases?.[0]
  }
  catch (error) {
    if (error instanceof ProviderError && error.kind === 'limited') return undefined
    throw error
  }
}

/** The account, and of its regions those that were chosen: what is the same everywhere is asked of the account, once. */
export async function* resources(api: ApiReader): AsyncIterable<ResourceDescription> {
  const { id, name } = await account(api)
  yield { kind: 'account', externalId: id, name, metadata: { account_id: id } }
  const listed = new Map((await api.get(regionList))?.Regions.map(region => [region.RegionName, region.OptInStatus]))
  for (const region of chosenRegions(api.facts.regions)) {
    yield {
      kind: 'region',
      externalId: `${id}/${region}`,
      name: regions.find(one => one.id === region)?.name ?? region,
      metadata: { account_id: id, region, opt_in: listed.get(region) ?? null },
    }
  }
}

/** `opt-in-not-required` and `opted-in` are on. What the list does not say is asked: the answer then says it. */
export function unavailable({ metadata }: ResourceDescription): string | null {
  return metadata.opt_in === 'not-opted-in' ? 'This region is not switched on in the account.' : null
}
