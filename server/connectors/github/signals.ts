/** What a repository tells: where it is, and whether its default branch and its secrets are looked after. */
import { definePublisher, type Evaluation, type ResourceDescription } from '../contract'
import { repositoryAddress, type Signal, Unread } from '../signals'
import { branchProtected } from './checks/branch-protected'
import { branchProtection, branchRules, repository } from './endpoints'

type Repository = Signal<'repository'>

const moot = (why: string) => ({ state: 'moot' as const, why })
const unknown = (why: string) => ({ state: 'unknown' as const, why })

const withoutAnswer = ({ why, byPlan }: Unread) => byPlan ? moot(why) : unknown(why)

/** The check's own judgement: one reading of rules, not two. */
function protectionOf({ verdict, summary }: Evaluation): Repository['protection'] {
  const states = { pass: 'protected', fail: 'unprotected', error: 'unknown', not_applicable: 'moot' } as const
  return { state: states[verdict], why: summary }
}

function scanningOf(status: string | null | undefined): Repository['secretScanning'] {
  if (status === 'enabled') return { state: 'on', why: 'Secret scanning is on.' }
  if (status === 'disabled') return { state: 'off', why: 'Secret scanning is off.' }
  return unknown('GitHub shows the security features of a repository to its administrators only.')
}

const branchOf = ({ metadata }: ResourceDescription) => typeof metadata.default_branch === 'string' ? metadata.default_branch : null

export const signals = [definePublisher({
  kinds: ['repository'],
  tells: ['repository'],
  reads: { repository, branchProtection, branchRules },
  derive: ({ repository: settings, branchProtection: protection, branchRules: rules }, { resource, now }) => {
    const address = repositoryAddress(String(resource.metadata.address ?? ''))
    if (address === null) return [{ kind: 'unknown', of: 'repository', why: 'GitHub did not say where the repository is.' }]
    const archived = resource.metadata.archived === true
    const unread = [protection, rules].find(answer => answer instanceof Unread)
    return [{
      kind: 'repository',
      repository: address,
      branch: branchOf(resource),
      protection: unread ? withoutAnswer(unread) : protectionOf(branchProtected.evaluate({ branchProtection: protection, branchRules: rules }, { resource, now })),
      secretScanning: archived
        ? moot('The repository is archived: nothing can be pushed to it.')
        : settings instanceof Unread ? withoutAnswer(settings) : scanningOf(settings.security_and_analysis?.secret_scanning?.status),
    }]
  },
})] as const
