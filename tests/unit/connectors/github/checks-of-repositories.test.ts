import { describe, expect, it } from 'vitest'
import { archived, evaluate, Refused, repository as resource, type Bodies } from './evaluate'
import { codeAlert, dependabotAlert, passing, repository, secretAlert } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const canary = 'CANARY-7d20'
const said = (message: string, status = 404) => new Refused(status, { message })
const features = (changes: object | null | undefined, more: object = {}): Bodies => ({ repository: { ...repository, ...more, security_and_analysis: changes && { ...repository.security_and_analysis, ...changes } } })
const secrets = (...changes: object[]): Bodies => ({ secret_alerts: changes.map((change, index) => ({ ...secretAlert, number: index + 1, state: 'open', secret: canary, ...change })) })
const dependencies = (...changes: object[]): Bodies => ({ dependabot_alerts: changes.map(change => ({ ...dependabotAlert, ...change })) })
const critical = { security_advisory: { ghsa_id: 'GHSA-2', severity: 'critical' } }
const code = (alerts: unknown, more: object = {}): Bodies => ({ repository: { ...repository, ...more }, code_alerts: alerts })
const worst = { ...codeAlert, rule: { id: 'js/sql', security_severity_level: 'critical' } }
const keys = (...list: object[]): Bodies => ({ deploy_keys: list })
const page = <T>(one: T): T[] => Array.from({ length: 100 }, () => one)

const tables: Record<string, Row[]> = {
  github_secret_scanning: [
    ['it is off', features({ secret_scanning: { status: 'disabled' } }), 'fail', /^Secret scanning is off\./],
    ['pushes are not stopped', features({ secret_scanning_push_protection: { status: 'disabled' } }), 'fail', /^Push protection/],
    ['it is hidden', features(undefined), 'error', /administrators only/],
    ['it is null', features(null), 'error', /administrators only/],
    ['push protection is not said', features({ secret_scanning_push_protection: undefined }), 'error', /secret_scanning_push_protection/],
    ['a status that nobody knows', features({ secret_scanning: { status: 'paused' } }), 'error', /secret_scanning/],
    ['it is not offered to a private repository of a person', features({ secret_scanning: { status: 'disabled' } }, { owner: { type: 'User' } }), 'not_applicable', /personal account/],
    ['it is offered to a public one', features({ secret_scanning: { status: 'disabled' } }, { owner: { type: 'User' }, private: false }), 'fail', /off/],
    ['the answer is empty', { repository: {} }, 'error', /administrators only/],
    ['malformed', { repository: [] }, 'rejected', /repository/],
  ],
  github_secret_alerts_open: [
    ['one is open', secrets({}), 'fail', /^1 leaked secret is open\./],
    ['two are', secrets({}, { secret_type: 'x' }), 'fail', /^2 leaked secrets are open\./],
    ['a page is full of them', { secret_alerts: page({ ...secretAlert, state: 'open' }) }, 'fail', /^At least 100/],
    ['none is', { secret_alerts: [] }, 'pass', /no open leak/],
    ['scanning is off', { secret_alerts: said('Secret scanning is disabled on this repository.') }, 'not_applicable', /off/],
    ['it is hidden', { secret_alerts: said('Not Found') }, 'rejected', /secret_alerts/],
    ['its state is not said', secrets({ state: undefined }), 'error', /1 alert/],
    ['malformed', { secret_alerts: { alerts: [] } }, 'rejected', /secret_alerts/],
  ],
  github_dependabot: [
    ['one is critical', dependencies({}, critical), 'fail', /^1 critical alert/],
    ['alerts are off', { dependabot_alerts: said('Dependabot alerts are disabled for this repository.', 403) }, 'fail', /off/],
    ['the plan hides it', { dependabot_alerts: said('Resource not accessible by integration', 403) }, 'rejected', /dependabot_alerts/],
    ['none is open', { dependabot_alerts: [] }, 'pass', /no critical/],
    ['its severity is not said', dependencies({ security_advisory: {} }), 'error', /1 alert/],
    ['a page is full of others', { dependabot_alerts: page(dependabotAlert) }, 'error', /more alerts/],
    ['malformed', { dependabot_alerts: 'none' }, 'rejected', /dependabot_alerts/],
  ],
  github_code_scanning: [
    ['one is critical', code([worst]), 'fail', /^1 critical alert/],
    ['nothing was ever analysed', code(said('no analysis found')), 'fail', /No code scanning/],
    ['it is off', code(said('Code scanning is not enabled for this repository. Please enable code scanning in the repository settings.', 403)), 'fail', /No code scanning/],
    ['there is no code', code(said('no analysis found'), { language: null }), 'not_applicable', /no code/],
    ['the language is not said', code(said('no analysis found'), { language: undefined }), 'fail', /No code scanning/],
    ['the plan hides it', code(said('Code Security must be enabled for this repository to use code scanning.', 403)), 'rejected', /code_alerts/],
    ['none is open', code([]), 'pass', /no critical/],
    ['a rule has no security severity', code([{ ...codeAlert, rule: { id: 'x', security_severity_level: null } }]), 'pass', /no critical/],
    ['the rule is not said', code([{ ...codeAlert, rule: undefined }]), 'error', /1 alert/],
    ['malformed', code({}), 'rejected', /code_alerts/],
  ],
  github_deploy_keys_read_only: [
    ['one can write', keys({ title: 'bot', read_only: false, enabled: true }, { title: 'a', read_only: true }), 'fail', /^1 deploy key can/],
    ['the one that can write is off', keys({ title: 'bot', read_only: false, enabled: false }), 'pass', /only read/],
    ['it is not said', keys({ title: 'bot' }), 'error', /1 deploy key/],
    ['there is none', keys(), 'not_applicable', /no deploy key/],
    ['malformed', { deploy_keys: {} }, 'rejected', /deploy_keys/],
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
    expect(JSON.stringify(outcome)).not.toContain(canary)
  })
})

describe('an archived repository', () => {
  it.each(['github_secret_scanning', 'github_dependabot', 'github_code_scanning', 'github_deploy_keys_read_only'])('is not asked %s', (id) => {
    expect(evaluate(id, passing[id] ?? {}, archived)).toMatchObject({ verdict: 'not_applicable' })
  })

  it('may still hold a leaked secret', () => {
    expect(evaluate('github_secret_alerts_open', secrets({}), archived)).toMatchObject({ verdict: 'fail' })
  })

  it('has no alerts about dependencies', () => {
    expect(evaluate('github_dependabot', { dependabot_alerts: said('Dependabot alerts are not available for archived repositories.', 403) }, archived)).toMatchObject({ verdict: 'not_applicable' })
  })
})

it('the evidence names packages and kinds of secrets, shortened, with the true number', () => {
  expect(evaluate('github_dependabot', dependencies(critical)).evidence).toEqual({ open: 1, alerts: [1], enabled: true, packages: { total: 1, shown: ['left-pad (GHSA-2)'] } })
  const { evidence } = evaluate('github_secret_alerts_open', { secret_alerts: page({ ...secretAlert, state: 'open' }) }, resource)
  expect(evidence).toMatchObject({ open: 100, more_pages: true, kinds: { total: 1, shown: ['aws_access_key_id'] } })
  expect(JSON.stringify(evidence).length).toBeLessThan(500)
})
