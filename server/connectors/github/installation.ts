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
 * @throws ProviderError account_missing: the app is not installed, or not where the callback says, or is suspended there;
 *   account_ambiguous: several, and nothing says which
 */
export async function chosenInstallation(api: ApiReader): Promise<Installed | null> {
  const listed = await api.get(installations)
  const { installation_id: named, account_id: known } = api.facts
  if (listed === null) {
    if (named !== undefined) throw new ProviderError('account_missing', call)
    return null
  }
  const seen = listed.filter(isOfAccount)
  const chosen = pick(seen, named, known)
  if (!chosen) throw new ProviderError(named === undefined && seen.length > 1 ? 'account_ambiguous' : 'account_missing', call)
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
