import { codeAlert, dependabotAlert, secretAlert } from './shapes/alerts'
import { inForce, protection } from './shapes/branch'
import { deployKey, repositoryFull, repositorySimple } from './shapes/repository'
import type { Outcome, Read } from './read'
import type { SandboxAccount } from './world/account'
import type { SandboxRepository } from './world/repository'

const refused = (status: number, message: string): Outcome => ({ status, message })

/** By the path below `/repos/{owner}/{repo}`; the branch is named. */
export function readsOfRepository(api: string, account: SandboxAccount, repository: SandboxRepository): Readonly<Record<string, Read>> {
  const base = `${api}/repos/${account.login}/${repository.name}`
  const read = (permission: string, answer: Read['answer'], forOthers?: Outcome): Read => ({ permission, scope: repository.visibility === 'public' ? null : 'repo', answer, forOthers })
  const administrators = refused(404, 'Not Found')
  /** Of plans that offer it for public repositories only. */
  const paid = (message: string, answer: Read['answer']): Read['answer'] => repository.visibility === 'private' && !account.paid ? () => refused(403, message) : answer
  const protectable = (answer: Read['answer']) => paid('Upgrade to GitHub Pro or make this repository public to enable this feature.', answer)
  const alerts = <T>(found: readonly T[] | undefined, off: Outcome, shape: (number: number, one: T, query: URLSearchParams) => ReturnType<typeof codeAlert>): Read['answer'] =>
    query => found ? { list: found.map((one, index) => shape(index + 1, one, query)) } : off

  return {
    '': read('metadata', () => ({ value: repositoryFull(api, account, repository) }), { value: repositorySimple(api, account, repository) }),
    '/keys': read('administration', () => ({ list: (repository.deployKeys ?? []).map((_, index) => deployKey(api, repository, index)) }), administrators),
    '/branches/main/protection': read('administration', protectable(() => {
      if (repository.empty) return refused(404, 'Branch not found')
      return repository.protection ? { value: protection(`${base}/branches/main/protection`, repository.protection) } : refused(404, 'Branch not protected')
    }), administrators),
    '/rules/branches/main': read('metadata', protectable(() => ({ list: (repository.rules ?? []).map(rule => inForce(account.login, rule)) }))),
    '/secret-scanning/alerts': read('secret_scanning_alerts', alerts(repository.secretScanning?.open, refused(404, 'Secret scanning is disabled on this repository.'),
      (number, type, query) => secretAlert(base, number, type, query.get('hide_secret') === 'true')), administrators),
    '/dependabot/alerts': read('vulnerability_alerts', repository.archived
      ? () => refused(403, 'Dependabot alerts are not available for archived repositories.')
      : alerts(repository.dependabot, refused(403, 'Dependabot alerts are disabled for this repository.'), (number, name) => dependabotAlert(base, number, name)), refused(403, 'You are not authorized to perform this operation.')),
    '/code-scanning/alerts': read('security_events', paid('Code Security must be enabled for this repository to use code scanning.',
      alerts(repository.codeScanning, refused(404, 'no analysis found'), (number, rule) => codeAlert(base, number, rule))), refused(403, 'You are not authorized to read code scanning alerts.')),
  }
}
