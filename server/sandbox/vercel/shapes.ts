/** The wire shapes of the REST API, with secrets where the real ones carry them: whoever reads them must leave them behind. */
import type { JsonValue } from '../store'
import { daysAgo, type SandboxAccount, type SandboxMember, type SandboxProject } from './account'

const resourceConfig = { functionDefaultRegions: ['iad1'] }

/** The entry of `GET /v10/projects`, and the answer of `GET /v9/projects/{id}`. */
export function projectShape(account: SandboxAccount, project: SandboxProject, now: number): JsonValue {
  const { link, ...settings } = project.settings(now)
  const repository = {
    type: 'github', org: project.repository?.org ?? account.slug, repo: project.repository?.repo ?? project.name, gitCredentialId: 'cred_sandbox', productionBranch: 'main',
    deployHooks: [{ id: 'hook', name: 'nightly', ref: 'main', url: 'https://api.vercel.example/deploy/sandbox-hook-that-nobody-may-keep' }],
  }
  return {
    id: project.id,
    accountId: account.teamId ?? account.userId,
    name: project.name,
    alias: [],
    createdAt: daysAgo(now, project.ageInDays),
    updatedAt: daysAgo(now, project.ageInDays / 10),
    deploymentExpiration: { expirationDays: 180 },
    directoryListing: false,
    nodeVersion: '24.x',
    resourceConfig,
    defaultResourceConfig: resourceConfig,
    live: true,
    ...link === null ? {} : { link: repository },
    ...settings,
  }
}

export function domainShape(project: SandboxProject, domain: SandboxProject['domains'][number], createdAt: number): Record<string, JsonValue> {
  return {
    name: domain.name,
    apexName: domain.name.split('.').slice(-2).join('.'),
    projectId: project.id,
    redirect: null,
    redirectStatusCode: null,
    gitBranch: null,
    createdAt,
    updatedAt: createdAt,
    verified: domain.verified,
    ...domain.verified ? {} : { verification: [{ type: 'TXT', domain: `_vercel.${domain.name}`, value: 'vc-domain-verify=sandbox', reason: 'pending_domain_verification' }] },
  }
}

export function variableShape({ key, type, target, value = 'sandbox-value-that-nobody-may-keep' }: SandboxProject['variables'][number], index: number, createdAt: number): JsonValue {
  return { id: `env_sandbox_${index}`, key, type, target: [...target], value, createdAt, updatedAt: createdAt, securityIssues: [] }
}

export function teamShape(account: SandboxAccount, now: number): JsonValue {
  const since = daysAgo(now, 700)
  return {
    id: account.teamId,
    slug: account.slug,
    name: account.name,
    avatar: null,
    description: null,
    createdAt: since,
    updatedAt: daysAgo(now, 12),
    creatorId: account.userId,
    stagingPrefix: account.slug,
    inviteCode: 'sandbox-invite-that-nobody-may-keep',
    membership: { uid: account.userId, teamId: account.teamId, role: 'OWNER', confirmed: true, createdAt: since, created: since },
    ...account.settings,
  }
}

export function memberShape(member: SandboxMember, index: number, now: number): Record<string, JsonValue> & { createdAt: number } {
  return {
    uid: `usr_sandbox_${index}`,
    username: member.username,
    name: member.name,
    email: `${member.username}@larkspur.example`,
    role: member.role,
    confirmed: member.confirmed,
    createdAt: daysAgo(now, member.ageInDays),
  }
}

export function invitationShape({ email, role, ageInDays }: SandboxAccount['invitations'][number], now: number): JsonValue {
  return { id: 'sandbox-invitation-that-nobody-may-keep', email, role, isDSyncUser: false, createdAt: daysAgo(now, ageInDays) }
}

/** As an integration's token sees it. */
export function userShape(account: SandboxAccount): JsonValue {
  return { user: { limited: true, id: account.userId, email: `${account.username}@larkspur.example`, name: null, username: account.username, avatar: null, defaultTeamId: null } }
}
