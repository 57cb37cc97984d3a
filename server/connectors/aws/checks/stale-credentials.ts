import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, sentence, unverified } from '../../verdict'
import { cis } from '../cis'
import { credentialReport, type Login } from '../credential-report'

const day = 86_400_000
const longestUnused = 45 * day
const longestUnrotated = 90 * day

const timeOf = (value: string | undefined) => value !== undefined && /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN
/** `N/A` and `no_information`: never. Everything else but a time is not read. */
const never = (value: string | undefined) => value === 'N/A' || value === 'no_information'

interface Credential { name: string, unread: false, since: number, used: number | 'never', rotates: boolean }
interface Unread { name: string, unread: true }

function* credentialsOf(user: Login): Generator<Credential | Unread> {
  const made = (name: string, active: boolean | undefined, since: string | undefined, used: string | undefined, rotates: boolean): Credential | Unread | null => {
    if (active === false) return null
    const [begun, last] = [timeOf(since), never(used) ? 'never' as const : timeOf(used)] as const
    return active === undefined || Number.isNaN(begun) || Number.isNaN(last) ? { name, unread: true } : { name, unread: false, since: begun, used: last, rotates }
  }
  const name = user.user.slice(0, 100)
  const password = made(`${name}: password`, user.passwordEnabled, user.passwordLastChanged, user.passwordLastUsed, false)
  if (password) yield password
  for (const [index, key] of user.keys.entries()) {
    const found = made(`${name}: access key ${index + 1}`, key.active, key.lastRotated, key.lastUsed, true)
    if (found) yield found
  }
}

export const staleCredentials = defineCheck({
  id: 'aws_stale_credentials',
  title: 'No credential is unused for 45 days, and no key older than 90',
  severity: 'medium',
  category: 'access_control',
  rationale: 'A password or key that nobody uses is one whose theft nobody notices, and the older a key is, the more places it has been copied to.',
  remediation: {
    steps: [
      'Deactivate the passwords and keys named in the evidence that nobody needs, and delete them after a while.',
      'Replace keys that are older than 90 days; better, use roles, which need none.',
    ],
    url: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html',
  },
  soc2: { criteria: ['CC1.3'], own: false },
  cis: cis(['1.11', '1.13'], ['2.11', '2.12']),
  iso27001: { controls: ['A.5.18'], own: true },
  kinds: ['account'],
  reads: { report: credentialReport },
  evaluate: ({ report: { users, generated } }, { now }) => {
    const all = users.flatMap(user => [...credentialsOf(user)])
    const base = { users: users.length, credentials: all.length, report_from: generated }
    if (all.length === 0) return notApplicable('No user has a password or an active key.', base)
    const read = all.filter(one => !one.unread)
    const unread = all.filter(one => one.unread)
    const old = (since: number, limit: number) => now.getTime() - since > limit
    const unused = read.filter(one => old(one.used === 'never' ? one.since : Math.max(one.used, one.since), longestUnused))
    const unrotated = read.filter(one => one.rotates && old(one.since, longestUnrotated))
    const names = (list: readonly { name: string }[]) => capped(list.map(one => one.name))
    const evidence = {
      ...base, ...(unused.length > 0 && { unused: names(unused) }), ...(unrotated.length > 0 && { not_rotated: names(unrotated) }), ...(unread.length > 0 && { unread: names(unread) }),
    }
    const wrong = [
      ...(unused.length > 0 ? [`${plural(unused.length, 'credential was', 'credentials were')} not used for 45 days`] : []),
      ...(unrotated.length > 0 ? [`${plural(unrotated.length, 'key is', 'keys are')} older than 90 days`] : []),
    ]
    if (wrong.length > 0) return fail(sentence(wrong), evidence)
    if (unread.length > 0) return unverified(`The report did not say when ${plural(unread.length, 'credential')} was last used or changed.`, evidence)
    return pass('Every credential is in use, and no key is older than 90 days.', evidence)
  },
})
