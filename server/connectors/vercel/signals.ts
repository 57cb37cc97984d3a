/** What a project tells: from where production is built, and the addresses and browser variables among its variables. */
import type { z } from 'zod'
import { definePublisher } from '../contract'
import { repositoryAddress, Unread, variableSignals } from '../signals'
import { environment, projectOf } from './endpoints'
import type { ProjectSettings } from './project-settings'
import { incomplete } from './variables'

type Link = NonNullable<ProjectSettings['link']>

/** `link` names the repository in the words of each Git provider. Null: not one of those that are known. */
function addressOf({ type, host, org, repo, projectUrl, owner, slug }: Link): string | null {
  switch (type) {
    case 'github':
    case 'github-limited': return joined('github.com', org, repo)
    case 'github-custom-host': return joined(host, org, repo)
    case 'gitlab': return repositoryAddress(projectUrl ?? '')
    case 'bitbucket': return joined('bitbucket.org', owner, slug)
    default: return null
  }
}

function joined(...parts: (string | null | undefined)[]): string | null {
  return parts.every(Boolean) ? repositoryAddress(parts.join('/')) : null
}

const deploys = definePublisher({
  kinds: ['project'],
  tells: ['deploys'],
  reads: { project: projectOf },
  derive: ({ project }) => {
    if (project instanceof Unread) return [{ kind: 'unknown', of: 'deploys', why: project.why }]
    if (project.link === null) return []
    const repository = project.link ? addressOf(project.link) : null
    if (repository === null) return [{ kind: 'unknown', of: 'deploys', why: 'Vercel\'s answer did not say which repository the project is linked to.' }]
    return [{ kind: 'deploys', repository, branch: project.link?.productionBranch || null }]
  },
})

const tells = ['uses_backend', 'exposed_variable'] as const
const unknown = (why: string) => tells.map(of => ({ kind: 'unknown' as const, of, why }))

const variables = definePublisher({
  kinds: ['project'],
  tells,
  // Its permission also writes, and most installations do not have it.
  optional: true,
  reads: { environment },
  derive: ({ environment: answer }) => {
    if (answer instanceof Unread) return unknown(answer.why)
    const { envs, ...rest }: z.infer<typeof environment.schema> = answer
    if (!envs) return unknown('Vercel\'s answer held no list of variables.')
    const cut = incomplete(rest, {})
    return [...envs.flatMap(({ key, shape }) => variableSignals(key, shape)), ...cut ? unknown(cut.summary) : []]
  },
})

export const signals = [deploys, variables] as const
