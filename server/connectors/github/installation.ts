/**
 * Which installation a grant is about. A user's token reaches every account in which that person may see the app, and the
 * `installation_id` of a callback can be written by anybody (https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/about-the-setup-url):
 * it counts only when it stands among what the token itself shows.
 */
import type { ApiReader } from '../contract'
import { ProviderError } from '#server/errors'
import { installations, type Installation } from './endpoints'

export type Installed = Installation & { account: NonNullable<Installation['account']> }

const call = 'GET /user/installations'

/**
 * Null: the token is an OAuth App's, and what the person reaches is what there is.
 * @throws ProviderError not_found: not where the callback says, or gone from there; account_missing: the app is installed
 *   nowhere, or suspended; account_ambiguous: in several accounts, and nothing says which
 */
export async function chosenInstallation(api: ApiReader): Promise<Installed | null> {
  const listed = await api.get(installations)
  const { installation_id: named, account_id: known } = api.facts
  if (listed === null) {
    if (named !== undefined) throw new ProviderError('not_found', call)
    return null
  }
  const seen = listed.filter(isOfAccount)
  const chosen = pick(seen, named, known)
  if (!chosen) throw new ProviderError(seen.length === 0 ? 'account_missing' : named === undefined && known === undefined ? 'account_ambiguous' : 'not_found', call)
  if (chosen.suspended_at) throw new ProviderError('account_missing', call, { cause: new Error('suspended') })
  return chosen
}

/** By the id; by the account where that one is gone: a reinstall has a new id; else the only one. */
function pick(seen: readonly Installed[], named: string | undefined, known: string | undefined): Installed | undefined {
  if (named === undefined && known === undefined) return seen.length === 1 ? seen[0] : undefined
  return seen.find(one => String(one.id) === named) ?? seen.find(one => String(one.account.id) === known)
}

function isOfAccount(installation: Installation): installation is Installed {
  return Boolean(installation.account)
}
