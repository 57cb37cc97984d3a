/** What a newcomer sees after the first scan of the sandbox, through the product's own reader: a believable mix, the same on every day. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiReader, ResourceDescription } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import type { GithubSandboxOptions } from '#server/sandbox/github'
import { createApiReader } from '#server/oauth/http'
import { evaluate as scan } from '#server/scanner/evaluate'
import { missingScopes } from '#server/integrations/scopes'
import { baseUrl, clock, installed, openSandbox } from './browser'

const byOrganization = ['org_2fa_required', 'base_permission_minimal', 'repo_creation_limited', 'org_owners_few', 'actions_least_privilege', 'webhooks_secure']
const byRepository = ['branch_protected', 'reviews_required', 'history_protected', 'status_checks_required', 'secret_scanning', 'secret_alerts_open', 'dependabot', 'code_scanning', 'deploy_keys_read_only']
const letters: Readonly<Record<string, string>> = { p: 'pass', f: 'fail', n: 'not_applicable', e: 'error' }

/** One letter for each check, in the order of the lists above. */
const expected: Record<string, string> = {
  'brightwater-labs': 'fpppff',
  'brightwater-labs/app': 'ppppppppp',
  'brightwater-labs/payments-api': 'pffpppfpf',
  'brightwater-labs/legacy-importer': 'ffffffffn',
  'brightwater-labs/website': 'pppppppfn',
  'brightwater-labs/experiments': 'nnnnpppnn',
  'brightwater-labs/old-shop': 'nnnnnnnnn',
}

interface Scanned { api: ApiReader, resources: ResourceDescription[], verdicts: (resource: ResourceDescription) => Promise<Record<string, string>> }

async function connect(options: Partial<GithubSandboxOptions>, answer: Record<string, string> = {}): Promise<Scanned> {
  const time = clock()
  const browser = openSandbox({ now: time.now, ...options })
  const tokens = await browser.connect(answer)
  const granted = github.authorization.tokenAnswer.parse(tokens).scopes ?? null
  const api = createApiReader({
    base: baseUrl, accessToken: tokens.access_token, retryAfter: github.retryAfter, refusal: github.refusal, everyCall: github.everyCall, policy: { attempts: 1 },
    fetch: async (input, init) => browser.sandbox.fetch(new Request(input, init)),
  })
  const verdicts = async (resource: ResourceDescription) => Object.fromEntries(await Promise.all(github.checks.filter(check => check.kinds?.includes(resource.kind)).map(async (check) => {
    const evaluation = await scan(github, check, resource, api, missingScopes(github, granted, Object.values(check.reads)), new Date(time.now()))
    expect(JSON.stringify(evaluation)).not.toContain('nobody-may-keep')
    return [check.id.replace('github_', ''), evaluation.verdict]
  })))
  return { api, resources: await Array.fromAsync(github.resources(api)), verdicts }
}

function spelled(code: string, kind: string): Record<string, string> {
  const checks = kind === 'organization' ? byOrganization : byRepository
  return Object.fromEntries(checks.map((check, index) => [check, letters[code[index] ?? ''] ?? 'unknown']))
}

describe.each([0, 400])('%i days from now, an organization', (days) => {
  let scanned: Scanned
  beforeAll(async () => {
    const time = clock()
    time.advance(days * 86_400)
    scanned = await connect({ now: time.now })
  })

  it('is the account, with its repositories', async () => {
    expect(await github.account(scanned.api)).toEqual({ id: '48151623', name: 'brightwater-labs', facts: { installation_id: installed.organization, account_id: '48151623', user_id: '90210002' } })
    expect(scanned.resources.map(resource => resource.name)).toEqual(Object.keys(expected))
    expect(scanned.resources.map(resource => github.unavailable(resource))).toEqual(scanned.resources.map(() => null))
  })

  it.each(Object.entries(expected))('%s %s', async (name, code) => {
    const resource = scanned.resources.find(one => one.name === name)
    if (!resource) throw new Error(`${name} is not listed`)
    expect(await scanned.verdicts(resource)).toEqual(spelled(code, resource.kind))
  })
})

it('a person\'s account on a free plan has questions that its plan does not answer', async () => {
  const { resources, verdicts } = await connect({}, { installation: installed.person })
  const seen = await Promise.all(resources.map(async resource => [resource.name, await verdicts(resource)]))
  expect(Object.fromEntries(seen)).toEqual({ 'mei-tanaka/dotfiles': spelled('ffffpppfn', 'repository'), 'mei-tanaka/notes': spelled('nnnnnnfnn', 'repository') })
})

it('a person who sees the app in several accounts is asked to choose', async () => {
  await expect(connect({}, { installation: 'all' })).rejects.toMatchObject({ kind: 'account_ambiguous' })
})

it('an OAuth App sees the same but for webhooks, of which it says that it may not', async () => {
  const { resources, verdicts } = await connect({ application: 'oauth_app' })
  const seen = Object.fromEntries(await Promise.all(resources.map(async resource => [resource.name, await verdicts(resource)])))
  expect(seen['brightwater-labs']).toEqual(spelled('fpppfe', 'organization'))
  expect(seen['brightwater-labs/app']).toEqual(spelled('ppppppppp', 'repository'))
  expect(Object.keys(seen)).toContain('mei-tanaka/notes')
})

it('a permission that was left out of the app is an error of the checks that need it, and of no others', async () => {
  const { resources, verdicts } = await connect({ withoutPermissions: ['vulnerability_alerts', 'organization_administration'] })
  const [organization, app] = resources
  if (!organization || !app) throw new Error('Nothing is listed')
  expect(await verdicts(organization)).toEqual(spelled('eeepef', 'organization'))
  expect(await verdicts(app)).toEqual(spelled('ppppppepp', 'repository'))
})
