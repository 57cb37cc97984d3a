/**
 * An account at GitHub with as many repositories as a test wants, over HTTP: for what takes thousands of calls. It takes GETs with
 * its one token only, and answers no more than what is asked of repositories; what it does not know is a 404 that it remembers.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { github } from '#server/connectors/github'
import { grantConfig } from '#server/integrations/token-config'
import { keyForEncrypting, sealTokens } from '#server/integrations/vault'
import type { Rooms } from './rooms.ts'

const PER_PAGE = 100
/** One call of each repository. */
export const forgeChecks = ['github_secret_scanning', 'github_deploy_keys_read_only'] as const

export interface Forge {
  url: string
  /** What a process needs in its environment to use it as GitHub. */
  env: Record<string, string>
  token: string
  /** How often each path was asked for, with its query. */
  calls: Map<string, number>
  total: () => number
  /** Paths that it does not know. */
  strange: string[]
  /** What a call takes, in milliseconds. */
  latencyMs: number
  /** From so many calls on, all are to come back later. */
  limit: { after: number, seconds: number } | null
  /** Lists none, as to somebody who has left. */
  hidesAll: boolean
  /** Lists an organization, which stays when all repositories are hidden. */
  hasOrganization: boolean
  close: () => Promise<void>
}

export const repositoryPath = (n: number) => `/repos/acme/repository-${n}`

/** @param count repositories */
export async function startForge(count: number): Promise<Forge> {
  const token = `ghu_${randomBytes(24).toString('hex')}`
  const calls = new Map<string, number>()
  let total = 0

  function page(n: number, outgoing: ServerResponse): unknown[] {
    if (forge.hidesAll) return []
    if (n * PER_PAGE < count) outgoing.setHeader('link', `<${forge.url}/user/repos?per_page=${PER_PAGE}&page=${n + 1}>; rel="next"`)
    return Array.from({ length: Math.max(0, Math.min(PER_PAGE, count - (n - 1) * PER_PAGE)) }, (_, index) => repositoryOf((n - 1) * PER_PAGE + index))
  }

  function answer(url: URL, outgoing: ServerResponse): unknown {
    if (url.pathname === '/user/orgs') return forge.hasOrganization ? [{ id: 1, login: 'acme' }] : []
    if (url.pathname === '/user/repos') return page(Number(url.searchParams.get('page') ?? 1), outgoing)
    const [, n, rest] = /^\/repos\/acme\/repository-(\d+)(\/.*)?$/.exec(url.pathname) ?? []
    if (n === undefined || Number(n) >= count) return null
    if (rest === undefined) return { ...repositoryOf(Number(n)), security_and_analysis: { secret_scanning: { status: Number(n) % 2 ? 'enabled' : 'disabled' }, secret_scanning_push_protection: { status: 'enabled' } } }
    if (rest === '/keys') return [{ title: 'deploys', read_only: true, enabled: true }]
    return /^\/(?:rules\/branches\/main|(?:secret-scanning|dependabot|code-scanning)\/alerts)$/.test(rest) ? [] : null
  }

  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/'
    total += 1
    calls.set(path, (calls.get(path) ?? 0) + 1)
    void delay(forge.latencyMs).then(() => {
      const said = respond(incoming.method, incoming.headers.authorization, path, outgoing)
      outgoing.setHeader('content-type', 'application/json')
      outgoing.end(JSON.stringify(said))
    })
  })

  function respond(method: string | undefined, authorization: string | undefined, path: string, outgoing: ServerResponse): unknown {
    if (method !== 'GET' || authorization !== `Bearer ${token}`) {
      outgoing.statusCode = 401
      return { message: 'Bad credentials' }
    }
    if (forge.limit && total > forge.limit.after) {
      outgoing.statusCode = 429
      outgoing.setHeader('retry-after', String(forge.limit.seconds))
      return { message: 'API rate limit exceeded' }
    }
    const said = answer(new URL(path, forge.url), outgoing)
    if (said !== null) return said
    outgoing.statusCode = 404
    if (path.endsWith('/branches/main/protection')) return { message: 'Branch not protected' }
    // An OAuth App's token knows no installations.
    if (!path.startsWith('/user/installations')) forge.strange.push(path)
    return { message: 'Not Found' }
  }

  // A connection that is closed while a busy test is about to use it again looks like an outage.
  server.keepAliveTimeout = 60_000
  const forge: Forge = {
    url: '', env: {}, token, calls, total: () => total, strange: [], latencyMs: 0, limit: null, hidesAll: false, hasOrganization: false,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  forge.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  forge.env = { GITHUB_CLIENT_ID: 'Iv1.forge', GITHUB_CLIENT_SECRET: randomBytes(20).toString('hex'), GITHUB_API_URL: forge.url, GITHUB_AUTH_URL: forge.url }
  return forge
}

function repositoryOf(n: number) {
  return { id: 1_000_000 + n, name: `repository-${n}`, full_name: `acme/repository-${n}`, owner: { login: 'acme', type: 'User' }, private: false, visibility: 'public', archived: false, disabled: false, fork: false, default_branch: 'main', language: 'TypeScript' }
}

/** An integration of this account, as connecting would have left it. @returns its id */
export async function seedForge(sql: Rooms['sql'], forge: Forge, organizationId: string, checks: readonly string[] = forgeChecks): Promise<string> {
  const id = randomUUID()
  const key = await keyForEncrypting(organizationId, 2)
  const plain = { ...grantConfig({ accessToken: forge.token }, github.secrets, new Date()), enabled_checks: [...checks] }
  await sql(`insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, external_account_id, external_account_name, refresh_due_at)
    values ($1::uuid, $2, 'github', 'Forge', $3::text::jsonb, '0 6 * * *', $1::uuid::text, 'Acme', now() + interval '1 day')`,
  [id, organizationId, JSON.stringify(sealTokens(plain, { id, organizationId, version: 1 }, github, key))])
  return id
}

/** An assessment that waits for a worker. @returns its id */
export async function openAssessment(sql: Rooms['sql'], integrationId: string): Promise<string> {
  const [row] = await sql<{ id: string }>(`insert into public.assessments (organization_id, integration_id, trigger)
    select organization_id, id, 'manual' from public.integrations where id = $1 returning id`, [integrationId])
  if (!row) throw new Error('There is no such integration')
  return row.id
}
