/** The checks of the seventh provider (docs/add-a-provider.md): pass, fail, not applicable, hidden, malformed and empty. */
import { describe, expect, it } from 'vitest'
import { evaluateCheck, type Bodies } from '../connectors/evaluate'
import { neverAPass } from '../connectors/never-a-pass'
import { gitlab } from '../../support/seventh/server/connectors/gitlab'

const now = new Date('2026-11-22T12:00:00Z')
const evaluate = (id: string, bodies: Bodies, branch: string | null = 'main') =>
  evaluateCheck(gitlab, id, bodies, { now, resource: { kind: 'project', externalId: '7', name: 'acme/app', metadata: { default_branch: branch } } })

const passing: Readonly<Record<string, Bodies>> = {
  gitlab_branch_protected: { protected_branches: [{ name: 'main', allow_force_push: false }] },
  gitlab_job_token_limited: { job_token_scope: { inbound_enabled: true } },
  gitlab_merge_waits_for_pipeline: { project: { only_allow_merge_if_pipeline_succeeds: true, builds_access_level: 'enabled' } },
}

// Whether CI/CD is on only narrows what is asked.
neverAPass({ connector: gitlab, evaluate, passing, decides: (_id, field) => field !== 'builds_access_level' })

const rules = (...list: unknown[]) => ({ protected_branches: list })

describe('gitlab_branch_protected', () => {
  it.each([
    ['a rule for the branch', 'main', rules({ name: 'main', allow_force_push: false }), 'pass'],
    ['a wildcard that fits', 'release/1.0', rules({ name: 'release/*', allow_force_push: false }), 'pass'],
    ['a wildcard that fits everything', 'main', rules({ name: '*', allow_force_push: false }), 'pass'],
    ['no rule', 'main', rules(), 'fail'],
    ['rules for others', 'main', rules({ name: 'main-old', allow_force_push: false }, { name: 'mai', allow_force_push: false }), 'fail'],
    ['a name that only reads like a pattern', 'mainx', rules({ name: 'main.', allow_force_push: false }), 'fail'],
    ['force pushes by one rule of two', 'main', rules({ name: 'main', allow_force_push: false }, { name: 'm*', allow_force_push: true }), 'fail'],
    ['nothing said of force pushes', 'main', rules({ name: 'main' }), 'error'],
    ['an empty repository', null, rules(), 'not_applicable'],
    ['another shape', 'main', { protected_branches: { message: '403 Forbidden' } }, 'rejected'],
  ])('%s', (_what, branch, bodies, verdict) => {
    expect(evaluate('gitlab_branch_protected', bodies, branch).verdict).toBe(verdict)
  })
})

describe('the settings', () => {
  it.each([
    ['gitlab_job_token_limited', { job_token_scope: { inbound_enabled: false } }, 'fail'],
    ['gitlab_job_token_limited', { job_token_scope: {} }, 'error'],
    ['gitlab_job_token_limited', { job_token_scope: { inbound_enabled: 'yes' } }, 'error'],
    ['gitlab_merge_waits_for_pipeline', { project: { only_allow_merge_if_pipeline_succeeds: false, builds_access_level: 'private' } }, 'fail'],
    ['gitlab_merge_waits_for_pipeline', { project: { only_allow_merge_if_pipeline_succeeds: false, builds_access_level: 'disabled' } }, 'not_applicable'],
    ['gitlab_merge_waits_for_pipeline', { project: {} }, 'error'],
  ])('%s of %j', (id, bodies, verdict) => {
    expect(evaluate(id, bodies).verdict).toBe(verdict)
  })
})

it('reads how long to wait, and a token answer', () => {
  expect(gitlab.retryAfter(new Headers({ 'retry-after': '30' }))).toBe(30)
  expect(gitlab.retryAfter(new Headers({ 'retry-after': 'soon' }))).toBeNull()
  const { tokenAnswer } = gitlab.authorization
  expect(tokenAnswer.parse({ access_token: 'a', refresh_token: 'r', expires_in: 7200, token_type: 'Bearer', scope: 'read_api', created_at: 1 })).toEqual({ accessToken: 'a', refreshToken: 'r', expiresIn: 7200, scopes: ['read_api'] })
  expect(tokenAnswer.safeParse({ access_token: 'a', token_type: 'mac' }).success).toBe(false)
})
