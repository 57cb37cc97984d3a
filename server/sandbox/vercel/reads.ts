/** Every read that the stand-in offers, and the permission that it takes. */
import type { JsonValue } from '../store'
import { daysAgo, type SandboxAccount, type SandboxProject } from './account'
import { refuse } from './http'
import { askedPage, byTime, byToken } from './pages'
import { domainShape, invitationShape, memberShape, projectShape, teamShape, userShape, variableShape } from './shapes'

interface Ask { parameters: URLSearchParams, now: number, pageSize: number }
export interface Read {
  /** What calls are counted under. */
  endpoint: string
  permission: string
  answer: (ask: Ask) => JsonValue | Response
}

/** Undefined: there is no such thing, or it is somebody else's. */
export function findRead(path: string, account: SandboxAccount): Read | undefined {
  if (path === '/v2/user') return { endpoint: path, permission: 'read:user', answer: () => userShape(account) }
  if (path === '/v10/projects') return { endpoint: path, permission: 'read:project', answer: ask => projectList(account, ask) }
  const [, version, kind, id, suffix = ''] = /^\/(v\d+)\/(projects|teams)\/([^/]+)(\/[a-z]+)?$/.exec(path) ?? []
  if (kind === 'teams' && id === account.teamId) return ofTeam(account, `${version}${suffix}`)
  const project = kind === 'projects' ? account.projects.find(candidate => candidate.id === id || candidate.name === id) : undefined
  return project && ofProject(account, project, `${version}${suffix}`)
}

function ofTeam(account: SandboxAccount, which: string): Read | undefined {
  const permission = 'read:team'
  switch (which) {
    case 'v2': return { endpoint: 'team', permission, answer: ({ now }) => teamShape(account, now) }
    case 'v3/members': return { endpoint: 'members', permission, answer: ask => memberList(account, ask) }
    default: return undefined
  }
}

function ofProject(account: SandboxAccount, project: SandboxProject, which: string): Read | undefined {
  switch (which) {
    case 'v9': return { endpoint: 'project', permission: 'read:project', answer: ({ now }) => projectShape(account, project, now) }
    case 'v9/domains': return { endpoint: 'domains', permission: 'read:project', answer: ask => domainList(project, ask) }
    case 'v10/env': return { endpoint: 'env', permission: 'read-write:global-project-env-vars', answer: ask => variableList(project, ask) }
    default: return undefined
  }
}

function projectList(account: SandboxAccount, { parameters, now, pageSize }: Ask): JsonValue | Response {
  const asked = askedPage(parameters, 'from', pageSize)
  const page = asked instanceof Response ? asked : byToken(account.projects, asked)
  return page instanceof Response ? page : { projects: page.shown.map(project => projectShape(account, project, now)), pagination: page.pagination }
}

function domainList(project: SandboxProject, { parameters, now, pageSize }: Ask): JsonValue | Response {
  const asked = askedPage(parameters, 'until', pageSize)
  // To the day, so that a page's cursor means the same at the next call.
  const start = Math.floor(daysAgo(now, project.ageInDays) / 86_400_000) * 86_400_000
  const page = asked instanceof Response ? asked : byTime(project.domains.map((domain, index) => ({ domain, createdAt: start - index * 1000 })), asked)
  return page instanceof Response ? page : { domains: page.shown.map(({ domain, createdAt }) => domainShape(project, domain, createdAt)), pagination: page.pagination }
}

function memberList(account: SandboxAccount, { parameters, now, pageSize }: Ask): JsonValue | Response {
  const asked = askedPage(parameters, 'until', pageSize)
  const today = Math.floor(now / 86_400_000) * 86_400_000
  const page = asked instanceof Response ? asked : byTime(account.members.map((member, index) => memberShape(member, index, today)), asked)
  if (page instanceof Response) return page
  const first = !parameters.has('until')
  return {
    members: page.shown,
    ...first ? { emailInviteCodes: account.invitations.map(invitation => invitationShape(invitation, now)) } : {},
    pagination: { ...page.pagination, hasNext: page.pagination.next !== null },
  }
}

/** Decrypted values are not to be had here: nobody may ask for them. */
function variableList(project: SandboxProject, { parameters, now }: Ask): JsonValue | Response {
  if (parameters.has('decrypt')) return refuse(400, 'bad_request', 'This stand-in decrypts nothing')
  return { envs: project.variables.map((variable, index) => variableShape(variable, index, daysAgo(now, project.ageInDays))), hiddenProductionEnvCount: 0 }
}
