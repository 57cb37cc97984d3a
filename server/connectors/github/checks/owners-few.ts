import { defineCheck } from '../../contract'
import { capped, fail, pass, plural, unverified } from '../../verdict'
import { owners } from '../endpoints'

/** Own thresholds: one owner can be lost, and each further one can do everything. */
const [least, most] = [2, 5]

export const ownersFew = defineCheck({
  id: 'github_org_owners_few',
  title: `Between ${least} and ${most} people own the organization`,
  severity: 'medium',
  category: 'access_control',
  rationale: 'An owner can do everything, up to deleting the organization. A single one may be ill or lock themselves out; a dozen are a dozen ways in.',
  remediation: {
    steps: [
      'Make a second trusted person an owner if there is one only.',
      'Make the others members, with the roles and teams that their work needs.',
    ],
    url: 'https://docs.github.com/en/organizations/managing-peoples-access-to-your-organization-with-roles/maintaining-ownership-continuity-for-your-organization',
  },
  soc2: { criteria: ['CC6.3'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.3.3'] }],
  iso27001: { controls: ['A.5.15', 'A.8.2'], own: true },
  kinds: ['organization'],
  reads: { owners },
  evaluate: ({ owners: people }) => {
    // Every organization has one: an empty list hides something.
    if (people.length === 0) return unverified('GitHub named no owner of the organization.')
    const evidence = { owners: capped(people.map(person => person.login)) }
    const seen = `The organization has ${plural(people.length, 'owner')}.`
    return people.length >= least && people.length <= most ? pass(seen, evidence) : fail(seen, evidence)
  },
})
