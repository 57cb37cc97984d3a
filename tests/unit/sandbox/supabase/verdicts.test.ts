/** What a newcomer sees after the first scan of the sandbox: a believable mix, the same on every day. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiReader, ResourceDescription } from '#server/connectors/contract'
import { supabase } from '#server/connectors/supabase'
import { clock, openSandbox } from './browser'
import { readerOf } from '../../connectors/reader'

const expected: Record<string, Record<string, string>> = {
  'brightwater-production': {
    supabase_rls_enabled: 'pass',
    supabase_rls_policies_effective: 'pass',
    supabase_sensitive_data_not_exposed: 'pass',
    supabase_auth_password_policy: 'pass',
    supabase_auth_leaked_passwords: 'pass',
    supabase_auth_mfa_available: 'pass',
    supabase_auth_signup_hardened: 'pass',
    supabase_api_surface_minimal: 'pass',
    supabase_api_keys_modern: 'fail',
    supabase_functions_verify_jwt: 'pass',
    supabase_ssl_enforced: 'pass',
    supabase_network_restricted: 'fail',
    supabase_backups_recent: 'pass',
    supabase_org_members_mfa: 'fail',
    supabase_postgres_current: 'pass',
    supabase_storage_public_buckets: 'pass',
  },
  'brightwater-staging': {
    supabase_rls_enabled: 'fail',
    supabase_rls_policies_effective: 'fail',
    supabase_sensitive_data_not_exposed: 'fail',
    supabase_auth_password_policy: 'fail',
    supabase_auth_leaked_passwords: 'fail',
    supabase_auth_mfa_available: 'fail',
    supabase_auth_signup_hardened: 'fail',
    supabase_api_surface_minimal: 'fail',
    supabase_api_keys_modern: 'pass',
    supabase_functions_verify_jwt: 'not_applicable',
    supabase_ssl_enforced: 'fail',
    supabase_network_restricted: 'pass',
    supabase_backups_recent: 'fail',
    supabase_org_members_mfa: 'fail',
    supabase_postgres_current: 'fail',
    supabase_storage_public_buckets: 'fail',
  },
}

describe.each([0, 400])('%i days from now', (days) => {
  const time = clock()
  time.advance(days * 86_400)
  let api: ApiReader
  let projects: ResourceDescription[]

  beforeAll(async () => {
    const browser = openSandbox({ now: time.now })
    const { access_token } = await browser.connect()
    api = readerOf(async (endpoint, resource) => {
      const answer = await browser.get(endpoint.path(resource ?? { kind: '', externalId: '', name: '', metadata: {} }, {}), access_token)
      return answer.json()
    })
    projects = await Array.fromAsync(supabase.resources(api))
  })

  it('the account is the fictional organization, with two running projects', async () => {
    expect(await supabase.account(api)).toEqual({ id: 'kvtrzmwqyhxbncdlfgps', name: 'Brightwater Labs' })
    expect(projects.map(project => project.name)).toEqual(Object.keys(expected))
    expect(projects.map(project => supabase.unavailable(project))).toEqual([null, null])
  })

  it.each(Object.keys(expected))('%s', async (name) => {
    const resource = projects.find(project => project.name === name)
    if (!resource) throw new Error(`${name} is not listed`)
    const verdicts = await Promise.all(supabase.checks.map(async (check) => {
      const answers = await Promise.all(Object.entries(check.reads).map(async ([key, endpoint]) => [key, await api.get(endpoint, resource)]))
      const evaluation = check.evaluate(Object.fromEntries(answers), { resource, now: new Date(time.now()) })
      expect(JSON.stringify(evaluation)).not.toContain('nobody-may-keep')
      return [check.id, evaluation.verdict]
    }))
    expect(Object.fromEntries(verdicts)).toEqual(expected[name])
  })
})

it('shows at least one critical failure', () => {
  const failing = supabase.checks.filter(check => expected['brightwater-staging']?.[check.id] === 'fail')
  expect(failing.map(check => check.severity)).toContain('critical')
})
