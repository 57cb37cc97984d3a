import type { JsonValue } from '../store'
import type { Grants } from '../kit/grants'
import { bearerOf } from '../kit/http'
import { json, message } from './http'
import { organization, organizationReads } from './organization'
import { projects } from './projects'
import type { Allowance } from './rate-limit'
import { projectDescription } from './projects/describe'

type Read = (now: number) => JsonValue

/** Every read of the Management API that the stand-in offers; 401 before all else, as nobody learns paths without a token. */
export function answerRead(
  request: Request,
  path: string,
  context: { grants: Grants, now: () => number, count: (key: string) => Allowance },
): Response {
  const token = bearerOf(request)
  if (!token || !context.grants.find(token)) return message(401, 'Unauthorized')
  const read = find(path)
  if (read === 'unknown project') return message(404, 'Project not found')
  if (!read) return message(404, `Cannot ${request.method} ${path}`)
  if (request.method !== 'GET') return message(405, 'Method not allowed', { allow: 'GET' })
  const { allowed, headers } = context.count(path)
  return allowed ? json(read(context.now()), 200, headers) : message(429, 'Too many requests', headers)
}

function find(path: string): Read | 'unknown project' | undefined {
  if (path === '/v1/projects') return now => projects.map(project => projectDescription(project, now))
  if (path === '/v1/organizations') return () => [{ id: organization.slug, slug: organization.slug, name: organization.name }]
  const ofOrganization = /^\/v1\/organizations\/([^/]+)(\/.*)?$/.exec(path)
  if (ofOrganization) return ofOrganization[1] === organization.slug ? own(organizationReads, ofOrganization[2] ?? '') : undefined

  const [, ref, suffix = ''] = /^\/v1\/projects\/([^/]+)(\/.*)?$/.exec(path) ?? []
  if (ref === undefined) return undefined
  const project = projects.find(candidate => candidate.ref === ref)
  if (!project) return 'unknown project'
  return suffix === '' ? now => projectDescription(project, now) : own(project.reads, suffix)
}

/** A path is outside input: `constructor` must not find what an object inherits. */
function own(reads: Readonly<Record<string, Read>>, suffix: string): Read | undefined {
  return Object.hasOwn(reads, suffix) ? reads[suffix] : undefined
}
