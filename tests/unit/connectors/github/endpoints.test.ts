import { describe, expect, it } from 'vitest'
import type { Endpoint, ResourceDescription } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import * as exported from '#server/connectors/github/endpoints'
import { organization, repository } from './evaluate'

const canary = 'CANARY-6f1c'
const all: Endpoint[] = Object.values(exported).filter(value => typeof value === 'object')
const installation: ResourceDescription = { kind: 'installation', externalId: '70', name: '', metadata: {} }
const both = { ...repository, metadata: { ...organization.metadata, ...repository.metadata } }
const repo = { id: 1, name: 'app', full_name: 'acme/app', owner: { login: 'acme', email: canary }, temp_clone_token: canary, default_branch: 'main' }

/** Bodies as the provider may send them, with a secret wherever the real ones carry one, and unknown fields. */
const poisoned: Record<string, unknown> = {
  user: { id: 1, login: 'mei', email: canary, two_factor_authentication: true },
  installations: { installations: [{ id: 1, account: { id: 7, login: 'acme', email: canary }, contact_email: canary, permissions: { secrets: canary, members: canary, [canary]: 'read' } }] },
  membership: { role: 'admin', state: 'active', user: { login: 'mei', email: canary }, organization: { login: 'acme', description: canary } },
  installation_repositories: { repositories: [repo] },
  user_organizations: [{ id: 7, login: 'acme', description: canary }],
  user_repositories: [repo],
  organization: { two_factor_requirement_enabled: true, billing_email: canary, secret_scanning_push_protection_custom_link: canary },
  owners: [{ login: 'mei', email: canary }],
  actions_permissions: { allowed_actions: 'all', selected_actions_url: canary },
  actions_workflow: { default_workflow_permissions: 'read', token: canary },
  organization_hooks: [{ active: true, config: { url: `https://x.example/${canary}?key=${canary}`, secret: canary, insecure_ssl: '0' } }],
  repository: { ...repo, security_and_analysis: { secret_scanning: { status: 'enabled', key: canary } } },
  branch_protection: { enforce_admins: { enabled: true, url: canary }, restrictions: { users: [{ login: canary }] } },
  branch_rules: [{ type: 'deletion', ruleset_source: canary, parameters: { pattern: canary } }],
  deploy_keys: [{ title: 'pull', read_only: true, key: canary }],
  secret_alerts: [{ number: 1, state: 'open', secret: canary, first_location_detected: { path: canary } }],
  dependabot_alerts: [{ number: 1, state: 'open', security_advisory: { description: canary }, dismissed_comment: canary }],
  code_alerts: [{ number: 1, state: 'open', rule: { id: 'x', help: canary }, most_recent_instance: { message: { text: canary } } }],
}

describe('endpoints', () => {
  it('are all tried here', () => {
    expect(Object.keys(poisoned).sort()).toEqual(all.map(endpoint => endpoint.id).sort())
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s lets no secret through', (id, endpoint) => {
    expect(JSON.stringify(endpoint.schema.parse(poisoned[id]))).not.toContain(canary)
  })

  it('have unique ids, a permission that is asked for, and a path', () => {
    expect(new Set(all.map(endpoint => endpoint.id)).size).toBe(all.length)
    const scopes: string[] = github.authorization.scopes.map(scope => scope.name)
    for (const endpoint of all) {
      expect(scopes).toContain(endpoint.scope)
      expect(endpoint.path(endpoint.id === 'installation_repositories' ? installation : both, {})).toMatch(/^\/(?:user|orgs\/acme|repos\/acme\/app)(?:[/?][\w/?=&-]*)?$/)
    }
  })

  it('encode what stands in a path', () => {
    const odd = { ...repository, metadata: { owner: '../orgs', repository: 'a/b', default_branch: 'release/1.0?x', login: 'a/b' } }
    expect(exported.branchProtection.path(odd)).toBe('/repos/..%2Forgs/a%2Fb/branches/release%2F1.0%3Fx/protection')
    expect(exported.organization.path(odd)).toBe('/orgs/a%2Fb')
  })

  it('ask for the branch HEAD, which there is not, where there is no default branch', () => {
    expect(exported.branchRules.path({ ...repository, metadata: { ...repository.metadata, default_branch: null } })).toBe('/repos/acme/app/rules/branches/HEAD?per_page=100')
  })

  it('never ask for a secret to be shown', () => {
    expect(exported.secretAlerts.path(repository)).toContain('hide_secret=true')
  })
})
