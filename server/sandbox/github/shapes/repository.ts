import type { JsonValue } from '../../store'
import type { SandboxAccount } from '../world/account'
import type { SandboxRepository } from '../world/repository'
import { nodeId, simpleUser } from './accounts'
import { urls } from './urls'

type Fields = { [key: string]: JsonValue }

const lists = `archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events
  forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications
  pulls releases stargazers statuses subscribers subscription tags teams trees clone svn html`

const counts = ['forks', 'forks_count', 'open_issues', 'open_issues_count', 'stargazers_count', 'watchers', 'watchers_count']

/** As lists have it. */
export function repositorySimple(api: string, account: SandboxAccount, repository: SandboxRepository): Fields {
  const fullName = `${account.login}/${repository.name}`
  const base = `${api}/repos/${fullName}`
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName,
    private: repository.visibility === 'private',
    visibility: repository.visibility,
    owner: simpleUser(api, account),
    description: null,
    fork: false,
    url: base,
    ...urls(base, lists),
    // Where people look at it, and by which others name it.
    html_url: `https://github.com/${fullName}`,
    git_url: `git://github.example/${fullName}.git`,
    ssh_url: `git@github.example:${fullName}.git`,
    mirror_url: null,
    homepage: null,
    language: repository.language,
    license: null,
    default_branch: 'main',
    size: repository.empty ? 0 : 512,
    archived: repository.archived ?? false,
    disabled: false,
    ...Object.fromEntries(counts.map(name => [name, 0])),
    ...Object.fromEntries(['issues', 'projects', 'wiki', 'downloads'].map(name => [`has_${name}`, true])),
    has_pages: false,
    has_discussions: false,
    created_at: '2023-05-04T10:00:00Z',
    updated_at: '2026-10-01T10:00:00Z',
    pushed_at: '2026-10-01T10:00:00Z',
    permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
  }
}

/** As an administrator sees one; with a token for cloning, which whoever reads it must leave behind. */
export function repositoryFull(api: string, account: SandboxAccount, repository: SandboxRepository): JsonValue {
  const { secretScanning } = repository
  const status = (on: boolean) => ({ status: on ? 'enabled' : 'disabled' })
  return {
    ...repositorySimple(api, account, repository),
    temp_clone_token: 'sandbox-clone-token-that-nobody-may-keep',
    network_count: 0,
    subscribers_count: 3,
    security_and_analysis: {
      secret_scanning: status(secretScanning !== undefined),
      secret_scanning_push_protection: status(secretScanning?.pushProtection ?? false),
      dependabot_security_updates: status(repository.dependabot !== undefined),
    },
  }
}

export function deployKey(api: string, repository: SandboxRepository, index: number): JsonValue {
  const key = repository.deployKeys?.[index]
  return {
    id: repository.id * 10 + index,
    key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFake',
    url: `${api}/keys/${repository.id * 10 + index}`,
    title: key?.title ?? '',
    verified: true,
    created_at: '2024-02-02T10:00:00Z',
    read_only: key?.readOnly ?? true,
    added_by: 'mei-tanaka',
    last_used: null,
    enabled: true,
  }
}
