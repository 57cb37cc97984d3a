import { describe, expect, it } from 'vitest'
import { evaluate, type Bodies } from './evaluate'
import { actions, hook, organization, passing, workflow } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const org = (changes: object): Bodies => ({ organization: { ...organization, ...changes } })
const run = (permissions: object, start: object = {}): Bodies => ({ actions_permissions: { ...actions, ...permissions }, actions_workflow: { ...workflow, ...start } })
const hooks = (...changes: object[]): Bodies => ({ organization_hooks: changes.map(change => ({ ...hook, config: { ...hook.config, ...change } })) })
const people = (count: number): Bodies => ({ owners: Array.from({ length: count }, (_, index) => ({ login: `owner-${index}` })) })

const malformed: Row[] = [
  ['the answer is empty', { organization: {} }, 'error', /owners only|did not say/],
  ['the answer is a list', { organization: [] }, 'rejected', /organization/],
  ['the answer is a word', { organization: 'ok' }, 'rejected', /organization/],
]

const tables: Record<string, Row[]> = {
  github_org_2fa_required: [
    ['it is not', org({ two_factor_requirement_enabled: false }), 'fail', /No second factor/],
    ['it is hidden', org({ two_factor_requirement_enabled: null }), 'error', /owners only/],
    ['it is said in words', org({ two_factor_requirement_enabled: 'yes' }), 'error', /owners only/],
    ...malformed,
  ],
  github_base_permission_minimal: [
    ['it is none', org({ default_repository_permission: 'none' }), 'pass', /none/],
    ['it is write', org({ default_repository_permission: 'write' }), 'fail', /write/],
    ['it is admin', org({ default_repository_permission: 'admin' }), 'fail', /admin/],
    ['it is hidden', org({ default_repository_permission: null }), 'error', /owners only/],
    ['it is a word that nobody knows', org({ default_repository_permission: 'triage' }), 'error', /owners only/],
    ...malformed,
  ],
  github_repo_creation_limited: [
    ['members may publish', org({ members_can_create_public_repositories: true }), 'fail', /create public/],
    ['members may change the visibility', org({ members_can_change_repo_visibility: true }), 'fail', /publish private/],
    ['members may delete', org({ members_can_delete_repositories: true, members_can_change_repo_visibility: undefined }), 'fail', /delete/],
    ['one is not said', org({ members_can_delete_repositories: undefined }), 'error', /members_can_delete_repositories/],
    ...malformed,
  ],
  github_org_owners_few: [
    ['there is one', people(1), 'fail', /1 owner\./],
    ['there are five', people(5), 'pass', /5 owners/],
    ['there are six', people(6), 'fail', /6 owners/],
    ['nobody is named', people(0), 'error', /no owner/],
    ['one has no name', { owners: [{ login: 'a' }, {}] }, 'rejected', /owners/],
    ['malformed', { owners: { message: 'x' } }, 'rejected', /owners/],
  ],
  github_actions_least_privilege: [
    ['the token may write', run({}, { default_workflow_permissions: 'write' }), 'fail', /may write/],
    ['workflows may approve', run({}, { can_approve_pull_request_reviews: true }), 'fail', /approve/],
    ['anything may run', run({ allowed_actions: 'all' }), 'fail', /any action/],
    ['only local actions run', run({ allowed_actions: 'local_only' }), 'pass', /read-only/],
    ['Actions are off', run({ enabled_repositories: 'none' }, { default_workflow_permissions: 'write' }), 'not_applicable', /off/],
    ['the allowed actions are not said', run({ allowed_actions: undefined }), 'error', /allowed_actions/],
    ['a word that nobody knows', run({ allowed_actions: 'verified' }, { default_workflow_permissions: 'admin' }), 'error', /default_workflow_permissions, allowed_actions/],
    ['where they run is not said', run({ enabled_repositories: null }), 'error', /enabled_repositories/],
    ['the answers are empty', { actions_permissions: {}, actions_workflow: {} }, 'error', /did not say/],
    ['malformed', { actions_permissions: [], actions_workflow: {} }, 'rejected', /actions_permissions/],
  ],
  github_webhooks_secure: [
    ['one is in clear text', hooks({}, { url: 'http://ci.example/' }), 'fail', /1 webhook is/],
    ['one does not verify', hooks({ insecure_ssl: '1' }), 'fail', /1 webhook is/],
    ['one does not verify, as a number', hooks({ insecure_ssl: 1 }), 'fail', /1 webhook is/],
    ['two are not signed', hooks({ secret: undefined }, { secret: '' }), 'fail', /2 webhooks are/],
    ['the bad one is off', { organization_hooks: [hook, { active: false, config: { url: 'http://x/' } }] }, 'pass', /signed/],
    ['there is none', { organization_hooks: [] }, 'not_applicable', /no active/],
    ['all are off', { organization_hooks: [{ ...hook, active: false }] }, 'not_applicable', /no active/],
    ['the address is not said', hooks({ url: undefined }), 'error', /1 webhook/],
    ['the secret is odd', hooks({ secret: 7 }), 'error', /1 webhook/],
    ['it says nothing', { organization_hooks: [{}] }, 'error', /1 webhook/],
    ['malformed', { organization_hooks: {} }, 'rejected', /organization_hooks/],
  ],
}

describe.each(Object.entries(tables))('%s', (id, rows) => {
  it('passes when all is well', () => {
    expect(evaluate(id, passing[id] ?? {})).toMatchObject({ verdict: 'pass' })
  })

  it.each(rows)('%s', (_when, bodies, verdict, says) => {
    const outcome = evaluate(id, bodies)
    expect(outcome).toMatchObject({ verdict })
    expect(outcome.summary).toMatch(says)
  })
})

it('the evidence about webhooks names hosts, and no address', () => {
  const { evidence } = evaluate('github_webhooks_secure', hooks({ insecure_ssl: '1' }))
  expect(evidence).toEqual({ webhooks: 1, not_https: { total: 0, shown: [] }, tls_not_verified: { total: 1, shown: ['ci.example'] }, not_signed: { total: 0, shown: [] } })
})
