/** Four sandboxes whose accounts fit together, connected by one organization: what a newcomer sees of them all. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApp, type TestApp } from '../support/app.ts'
import { assessed, connectedId, readAssessment, requestScan } from '../support/assessments.ts'
import { ApiClient, expectStatus } from '../support/client.ts'
import { settled } from '../support/company.ts'

let app: TestApp
let owner: ApiClient
beforeAll(async () => {
  app = await startApp({ env: { SANDBOX: '1' } })
  owner = new ApiClient(app.url)
  await owner.signUp()
})
afterAll(() => app?.stop())

const letters: Readonly<Record<string, string>> = { pass: 'p', fail: 'f', error: 'e', not_applicable: 'n' }
const order = ['server_key_not_in_browser', 'production_branch_protected', 'production_repository_connected', 'production_repository_scanned', 'backend_deploy_target_connected'].map(name => `cross_${name}`)

async function connect(provider: string, choices: Record<string, string> = {}): Promise<{ id: string, first: string }> {
  const id = connectedId(await owner.connect(provider, 'approve', choices))
  const [first] = await settled(owner, id)
  return { id, first: first?.id ?? '' }
}

/** By the resource's name, one letter for each check that asks about it, in the order above. */
async function verdicts(assessmentId: string): Promise<Record<string, string>> {
  const done = await readAssessment(owner, assessmentId)
  const { data } = expectStatus(await owner.get<{ data: { id: string, name: string }[] }>(`/api/integrations/${done.integration_id}/resources?limit=200`), 200)
  const crossing = done.results.filter(result => result.check_id.startsWith('cross_'))
  for (const { verdict, evidence } of crossing.filter(one => ['pass', 'fail'].includes(one.verdict))) expect(evidence, verdict).not.toEqual({})
  return Object.fromEntries(data.map(({ id, name }) => [name, order.flatMap(check => crossing.filter(one => one.resource_id === id && one.check_id === check).map(one => letters[one.verdict])).join('')]).filter(([, found]) => found))
}

const again = async ({ id }: { id: string }) => verdicts((await assessed(owner, await requestScan(owner, id), { timeoutMs: 60_000 })).id)

it('each connection sees more for every other one', async () => {
  const backends = await connect('supabase')
  expect(await verdicts(backends.first)).toEqual({ 'brightwater-production': 'n', 'brightwater-staging': 'n' })
  const sites = await connect('netlify')
  // No repository yet; the shop gives a server key to everybody.
  expect(await verdicts(sites.first)).toEqual({
    'Brightwater Labs': 'n', 'brightwater-www': 'nnnn', 'brightwater-docs': 'pnnn', 'brightwater-shop': 'fnnn', 'Harborline Studio': 'n', 'harborline-landing': 'nnnn', 'harborline-2023': 'nnnn',
  })
  expect(await again(backends)).toEqual({ 'brightwater-production': 'f', 'brightwater-staging': 'p' })

  await connect('github', { installation: '71000001' })
  expect(await again(sites)).toEqual({
    'Brightwater Labs': 'n', 'brightwater-www': 'nppp', 'brightwater-docs': 'pnfn', 'brightwater-shop': 'ffpp', 'Harborline Studio': 'n', 'harborline-landing': 'nnnn', 'harborline-2023': 'nnnn',
  })
  const projects = await connect('vercel', { account: 'team_3Rw9KfLbTz6XvQm1NhYc8GdJ' })
  expect(await verdicts(projects.first)).toEqual({ 'storefront': 'ppp', 'orders-api': 'ppp', 'docs': 'nfn', 'spring-campaign': 'nnn', 'back-office': 'fpp' })
  // The new projects' variables may not be read: nobody can say any more that production is used by nothing.
  expect(await again(backends)).toEqual({ 'brightwater-production': 'e', 'brightwater-staging': 'p' })
})

it('shows it as findings, with both sides and without a value', async () => {
  const { data } = expectStatus(await owner.get<{ data: { check_id: string, resource_name: string, title: string, evidence: unknown }[] }>('/api/findings?status=open&limit=200'), 200)
  const found = data.filter(finding => finding.check_id.startsWith('cross_'))
  expect(found.map(({ check_id, resource_name }) => `${check_id.replace('cross_', '')}: ${resource_name}`).sort()).toEqual([
    'backend_deploy_target_connected: brightwater-production', 'production_branch_protected: back-office', 'production_branch_protected: brightwater-shop',
    'production_repository_connected: brightwater-docs', 'production_repository_connected: docs', 'server_key_not_in_browser: brightwater-shop',
  ])
  expect(found.find(({ resource_name }) => resource_name === 'back-office')?.evidence).toMatchObject({ repository: 'github.com/brightwater-labs/legacy-importer', branch: 'main', connection: 'brightwater-labs', provider: 'GitHub', resource: 'brightwater-labs/legacy-importer' })
  expect(found.find(({ check_id }) => check_id.includes('server_key'))?.evidence).toMatchObject({ provider: 'Supabase', holding: [{ variable: 'VITE_SUPABASE_SERVICE_ROLE_KEY', by: 'its name' }] })
  expect(JSON.stringify(data)).not.toContain('nobody-may-keep')
  expect(found.every(finding => finding.title !== finding.check_id)).toBe(true)
})
