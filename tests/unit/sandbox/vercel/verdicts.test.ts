/** What a newcomer sees after the first scan of the sandbox: a believable mix, the same on every day of the coming months. */
import { describe, expect, it } from 'vitest'
import { vercel } from '#server/connectors/vercel'
import type { ResourceDescription, TokenSet } from '#server/connectors/contract'
import { evaluate } from '#server/scanner/evaluate'
import { clock, openSandbox, teamId, userId, type Owner } from './browser'

const everything = vercel.authorization.scopes.map(scope => scope.name)

async function scan(owner: Owner, options: Parameters<typeof openSandbox>[0] & { now: () => number }) {
  const browser = openSandbox(options)
  const { access_token, installation_id, user_id, team_id } = await browser.connect(owner)
  const tokens: TokenSet = { accessToken: access_token, facts: { installation_id, user_id, ...(team_id && { team_id }) } }
  const api = browser.reader(tokens)
  const resources = await Array.fromAsync(vercel.resources(api))
  const verdicts = await Promise.all(resources.map(async resource => [resource.name, await verdictsOf(resource, api, new Date(options.now()))] as const))
  return { account: await vercel.account(api), verdicts: Object.fromEntries(verdicts) }
}

async function verdictsOf(resource: ResourceDescription, api: Parameters<typeof evaluate>[3], now: Date): Promise<Record<string, string>> {
  const checks = vercel.checks.filter(check => check.kinds?.includes(resource.kind))
  const found = await Promise.all(checks.map(async (check) => {
    const evaluation = await evaluate(vercel, check, resource, api, [], now)
    expect(JSON.stringify(evaluation)).not.toContain('nobody-may-keep')
    return [check.id.replace('vercel_', ''), evaluation.verdict] as const
  }))
  return Object.fromEntries(found)
}

const expected: Record<string, Record<string, string>> = {
  'storefront': {
    deployments_protected: 'pass', protection_bypass: 'pass', git_fork_protection: 'pass', runtime_supported: 'pass', directory_listing: 'pass', firewall_enabled: 'pass',
    domains_verified: 'pass', env_secrets_protected: 'error', env_production_isolated: 'error',
  },
  'orders-api': {
    deployments_protected: 'pass', protection_bypass: 'fail', git_fork_protection: 'pass', runtime_supported: 'pass', directory_listing: 'pass', firewall_enabled: 'pass',
    domains_verified: 'pass', env_secrets_protected: 'error', env_production_isolated: 'error',
  },
  'docs': {
    deployments_protected: 'fail', protection_bypass: 'not_applicable', git_fork_protection: 'fail', runtime_supported: 'pass', directory_listing: 'pass', firewall_enabled: 'pass',
    domains_verified: 'pass', env_secrets_protected: 'error', env_production_isolated: 'error',
  },
  'spring-campaign': {
    deployments_protected: 'fail', protection_bypass: 'not_applicable', git_fork_protection: 'not_applicable', runtime_supported: 'fail', directory_listing: 'fail', firewall_enabled: 'not_applicable',
    domains_verified: 'fail', env_secrets_protected: 'error', env_production_isolated: 'error',
  },
  'back-office': {
    deployments_protected: 'pass', protection_bypass: 'not_applicable', git_fork_protection: 'pass', runtime_supported: 'pass', directory_listing: 'pass', firewall_enabled: 'fail',
    domains_verified: 'pass', env_secrets_protected: 'error', env_production_isolated: 'error',
  },
  'Larkspur Studio': { saml_enforced: 'not_applicable', team_roles: 'fail', default_protection: 'pass', sensitive_env_policy: 'fail' },
}

describe.each([0, 150])('%i days from now', (days) => {
  const time = clock()
  time.advance(days * 86_400)

  it('the team', async () => {
    const { account, verdicts } = await scan(teamId, { now: time.now })
    expect(account).toEqual({ id: teamId, name: 'Larkspur Studio' })
    expect(verdicts).toEqual(expected)
  })

  it('the personal account', async () => {
    const { account, verdicts } = await scan(userId, { now: time.now })
    expect(account).toEqual({ id: userId, name: 'ines-okafor' })
    expect(verdicts.portfolio).toMatchObject({ deployments_protected: 'pass', runtime_supported: 'fail', firewall_enabled: 'not_applicable' })
    expect(Object.keys(verdicts)).toEqual(['portfolio'])
  })

  it('the variables, once their permission was opted into', async () => {
    const { verdicts } = await scan(teamId, { now: time.now, permissions: everything })
    const seen = Object.entries(verdicts).map(([name, found]) => [name, found.env_secrets_protected, found.env_production_isolated])
    expect(seen).toEqual([
      ['storefront', 'pass', 'pass'], ['orders-api', 'fail', 'fail'], ['docs', 'not_applicable', 'not_applicable'], ['spring-campaign', 'fail', 'fail'], ['back-office', 'pass', 'pass'],
      ['Larkspur Studio', undefined, undefined],
    ])
  })
})
