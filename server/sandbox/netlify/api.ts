import type { Grants } from '../kit/grants'
import { bearerOf } from '../kit/http'
import type { JsonValue } from '../store'
import { json, noSuchPath, refuse } from './http'
import { pageOf } from './paging'
import { describePerson, person } from './person'
import type { Allowance } from './rate-limit'
import { describeSite, describeTeam, teams, type SandboxSite, type SandboxTeam } from './teams'

/** What a call is answered with: a body, a list that is given out in pages, or a refusal. */
type Outcome = { body: JsonValue } | { list: JsonValue[] } | { refused: [status: number, message: string] }
interface Route { path: RegExp, query: readonly string[], answer: (parts: string[], query: URLSearchParams, now: number) => Outcome }

const paged = ['page', 'per_page']
const missing: Outcome = { refused: [404, 'Not Found'] }
const sites = teams.flatMap(team => team.sites)
const withSite = (id: string | null | undefined, then: (site: SandboxSite) => Outcome) => {
  const site = sites.find(candidate => candidate.id === id)
  return site ? then(site) : missing
}
/** By id or by slug, as the API takes both. */
const withTeam = (key: string | undefined, then: (team: SandboxTeam) => Outcome) => {
  const team = teams.find(({ id, slug }) => key === id || key === slug)
  return team ? then(team) : missing
}

const routes: readonly Route[] = [
  { path: /^\/user$/, query: [], answer: () => ({ body: describePerson(sites.length) }) },
  { path: /^\/accounts$/, query: paged, answer: (_, __, now) => ({ list: teams.map(team => describeTeam(team, now)) }) },
  {
    path: /^\/sites$/,
    query: ['name', 'filter', ...paged],
    answer: (_, query, now) => ['all', 'owner', 'guest', null].includes(query.get('filter'))
      ? { list: query.get('filter') === 'guest' ? [] : teams.flatMap(team => team.sites.map(site => describeSite(site, team, now))) }
      : { refused: [422, 'filter is unknown'] },
  },
  { path: /^\/sites\/([^/]+)$/, query: [], answer: ([id], _, now) => withSite(id, site => ({ body: describeSite(site, teams.find(team => team.sites.includes(site)), now) })) },
  { path: /^\/sites\/([^/]+)\/ssl$/, query: [], answer: ([id], _, now) => withSite(id, site => ({ body: site.certificate?.(now) ?? null })) },
  { path: /^\/hooks$/, query: ['site_id'], answer: (_, query, now) => withSite(query.get('site_id'), site => ({ body: site.hooks.map(hook => hook(now)) })) },
  {
    path: /^\/accounts\/([^/]+)\/env$/,
    query: ['site_id', 'context_name', 'scope'],
    answer: ([key], query) => withTeam(key, (team) => {
      if (!query.has('site_id')) return team.shared
      const site = team.sites.find(candidate => candidate.id === query.get('site_id'))
      return site ? { body: [...site.variables] } : missing
    }),
  },
  { path: /^\/accounts\/([^/]+)\/audit$/, query: ['query', 'log_type', ...paged], answer: ([key], _, now) => withTeam(key, team => team.audit(now)) },
  { path: /^\/([^/]+)\/members$/, query: paged, answer: ([key], _, now) => withTeam(key, team => ({ list: team.members.map(member => member(now)) })) },
]

/** Every read that the stand-in offers; 401 before all else, as nobody learns paths without a token. */
export function answerRead(
  request: Request, path: string, context: { grants: Grants, now: () => number, pageSize: number, count: (key: string) => Allowance },
): Response {
  const token = bearerOf(request)
  if (token === undefined || !context.grants.find(token)) return refuse(401, 'Access Denied')
  const route = routes.find(candidate => candidate.path.test(path))
  if (!route) return noSuchPath()
  // The real API changes things with other methods. Here there is nothing to change.
  if (request.method !== 'GET') return refuse(405, 'Method Not Allowed', { allow: 'GET' })

  const { allowed, headers } = context.count(person.id)
  if (!allowed) return refuse(429, 'Too Many Requests', headers)
  const url = new URL(request.url)
  const unknown = [...url.searchParams.keys()].filter(name => !route.query.includes(name))
  if (unknown.length > 0) return refuse(422, `Unknown parameter: ${unknown.join(', ')}`, headers)
  const outcome = route.answer(route.path.exec(path)?.slice(1) ?? [], url.searchParams, context.now())
  if ('refused' in outcome) return refuse(...outcome.refused, headers)
  if ('body' in outcome) return json(outcome.body, 200, headers)
  const page = pageOf(outcome.list, url, context.pageSize)
  return 'wrong' in page ? refuse(422, page.wrong, headers) : json(page.page, 200, { ...headers, ...page.headers })
}
