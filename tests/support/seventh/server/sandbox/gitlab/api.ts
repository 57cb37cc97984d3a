/** The reads. A call without a live token learns nothing, not even which paths there are. */
import type { Grants } from '../kit/grants'
import { answersOf, bearerOf } from '../kit/http'
import type { JsonValue } from '../store'
import { describeProject, describeRule, person, projects, type SandboxProject } from './world'

const { json } = answersOf('gitlab')
/** Entries of a page: few, so that the list has several. */
const pageSize = 2

const ofProject: Readonly<Record<string, (project: SandboxProject) => JsonValue>> = {
  '': describeProject,
  '/protected_branches': project => project.rules.map(describeRule),
  '/job_token_scope': project => ({ inbound_enabled: project.limited, outbound_enabled: false }),
}

export function read(request: Request, path: string, grants: Grants): Response {
  const token = bearerOf(request)
  if (token === undefined || !grants.find(token)) return json({ error: 'invalid_token', error_description: 'Token was revoked. You have to re-authorize from the user.' }, 401)
  if (request.method !== 'GET') return json({ error: 'insufficient_scope', scope: 'api' }, 403)
  if (path === '/api/v4/user') return json(person)
  if (path === '/api/v4/projects') return list(new URL(request.url))
  const [, id, rest = ''] = /^\/api\/v4\/projects\/(\d+)(\/\w+)?$/.exec(path) ?? []
  const project = projects.find(one => String(one.id) === id)
  const describe = Object.hasOwn(ofProject, rest) ? ofProject[rest] : undefined
  return project && describe ? json(describe(project)) : json({ message: '404 Project Not Found' }, 404)
}

/** Keyset pages (https://docs.gitlab.com/api/rest/#keyset-based-pagination): the next one begins after an id. */
function list(url: URL): Response {
  const { searchParams } = url
  if (searchParams.get('membership') !== 'true' || searchParams.get('min_access_level') !== '40' || searchParams.get('pagination') !== 'keyset') return json({ error: 'The stand-in lists what a maintainer asks for.' }, 400)
  const after = projects.filter(project => project.id > Number(searchParams.get('id_after') ?? 0))
  const page = after.slice(0, pageSize)
  if (after.length <= pageSize) return json(page.map(describeProject))
  const next = new URL(url)
  next.searchParams.set('id_after', String(page.at(-1)?.id))
  return json(page.map(describeProject), 200, { link: `<${next.href}>; rel="next"` })
}
