/** Classic protection and rulesets, each alone, both, neither, and half of either. */
import { describe, expect, it } from 'vitest'
import { archived, evaluate, Refused, type Bodies } from './evaluate'
import { passing, protection } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const unprotected = new Refused(404, { message: 'Branch not protected' })
const classic = (changes: object, rules: unknown[] = []): Bodies => ({ branch_protection: { ...protection, ...changes }, branch_rules: rules })
const ruled = (...rules: unknown[]): Bodies => ({ branch_protection: unprotected, branch_rules: rules })
const pullRequest = (count: unknown, dismiss: unknown) => ({ type: 'pull_request', parameters: { required_approving_review_count: count, dismiss_stale_reviews_on_push: dismiss } })
const checks = (...contexts: string[]) => ({ type: 'required_status_checks', parameters: { required_status_checks: contexts.map(context => ({ context })) } })
const reviews = (changes: object) => ({ required_pull_request_reviews: { ...protection.required_pull_request_reviews, ...changes } })

const shared: Row[] = [
  ['the repository is empty', { branch_protection: new Refused(404, { message: 'Branch not found' }), branch_rules: [] }, 'not_applicable', /empty/],
  ['the protection is hidden', { branch_protection: new Refused(404, { message: 'Not Found' }), branch_rules: [] }, 'rejected', /branch_protection/],
  ['the rules are malformed', { branch_protection: unprotected, branch_rules: {} }, 'rejected', /branch_rules/],
  ['a rule has no type', ruled({ parameters: {} }), 'rejected', /branch_rules/],
  ['the protection is a list', { branch_protection: [], branch_rules: [] }, 'rejected', /branch_protection/],
]

const tables: Record<string, Row[]> = {
  github_branch_protected: [
    ['nothing protects it', ruled(), 'fail', /Neither/],
    ['a ruleset does', ruled({ type: 'deletion' }), 'pass', /ruleset/],
    ['a ruleset only checks texts', ruled({ type: 'commit_message_pattern' }, { type: 'creation' }), 'fail', /Neither/],
    ['a ruleset only asks a machine for its opinion', ruled({ type: 'copilot_code_review' }), 'fail', /Neither/],
    ['a ruleset has a rule that nobody knows', ruled({ type: 'quantum_lock' }), 'error', /quantum_lock/],
    ['the protection says nothing', { branch_protection: { message: 'ok' }, branch_rules: [] }, 'error', /could not be read/],
    ...shared,
  ],
  github_reviews_required: [
    ['nothing is required', ruled(), 'fail', /nobody's approval; an approval stays/],
    ['reviews are off in the classic protection', classic({ required_pull_request_reviews: undefined }), 'fail', /nobody's approval/],
    ['no approval is required', classic(reviews({ required_approving_review_count: 0 })), 'fail', /nobody's approval\./],
    ['approvals stay', classic(reviews({ dismiss_stale_reviews: false })), 'fail', /^An approval stays/],
    ['a ruleset requires both', ruled({ type: 'deletion' }, pullRequest(2, true)), 'pass', /need an approval/],
    ['a ruleset requires half, the classic protection the other', classic(reviews({ required_approving_review_count: 0 }), [pullRequest(1, false)]), 'pass', /need an approval/],
    ['a ruleset requires none', ruled(pullRequest(0, false)), 'fail', /nobody's approval/],
    ['a rule says nothing', ruled({ type: 'pull_request' }), 'error', /required_approving_review_count, dismiss_stale_reviews/],
    ['a rule says it oddly', ruled(pullRequest('two', 'yes')), 'error', /required_approving_review_count/],
    ['one rule says nothing and another enough', ruled({ type: 'pull_request' }, pullRequest(1, true)), 'pass', /need an approval/],
    ['the classic reviews are odd', classic({ required_pull_request_reviews: 'two' }), 'error', /required_approving_review_count/],
    ...shared,
  ],
  github_history_protected: [
    ['nothing protects it', ruled(), 'fail', /rewrite the history; the branch may be deleted\./],
    ['force pushes are allowed', classic({ allow_force_pushes: { enabled: true } }), 'fail', /^Force pushes/],
    ['deletion is allowed', classic({ allow_deletions: { enabled: true } }), 'fail', /deleted/],
    ['administrators are exempt', classic({ enforce_admins: { enabled: false } }), 'fail', /^Administrators/],
    ['a ruleset forbids both', ruled({ type: 'non_fast_forward' }, { type: 'deletion' }), 'pass', /neither/],
    ['a ruleset forbids both, whatever the classic protection says', classic({ enforce_admins: { enabled: false } }, [{ type: 'non_fast_forward' }, { type: 'deletion' }]), 'pass', /neither/],
    ['a ruleset forbids one, and administrators are exempt from the other', classic({ enforce_admins: { enabled: false } }, [{ type: 'deletion' }]), 'fail', /^Administrators/],
    ['a ruleset forbids one only', ruled({ type: 'deletion' }), 'fail', /^Force pushes/],
    ['it is not said', classic({ allow_force_pushes: 'no' }), 'error', /allow_force_pushes/],
    ['it is not said whether administrators are exempt', classic({ enforce_admins: null }), 'error', /enforce_admins/],
    ...shared,
  ],
  github_status_checks_required: [
    ['nothing is required', ruled(), 'fail', /no check/i],
    ['the list is empty', classic({ required_status_checks: { contexts: [] } }), 'fail', /no check/i],
    ['there is no list', classic({ required_status_checks: {} }), 'error', /required_status_checks/],
    ['a ruleset requires some', ruled(checks('test')), 'pass', /succeeded/],
    ['a ruleset requires an empty list', ruled(checks()), 'fail', /no check/i],
    ['a workflow of the organization has to pass', ruled({ type: 'workflows', parameters: {} }), 'pass', /succeeded/],
    ...shared,
  ],
}

describe.each(Object.entries(tables))('%s', (id, rows) => {
  it('passes when all is well', () => {
    expect(evaluate(id, passing[id] ?? {})).toMatchObject({ verdict: 'pass' })
  })

  it('does not matter for an archived repository', () => {
    expect(evaluate(id, ruled(), archived)).toMatchObject({ verdict: 'not_applicable', summary: expect.stringMatching(/archived/) })
  })

  it.each(rows)('%s', (_when, bodies, verdict, says) => {
    const outcome = evaluate(id, bodies)
    expect(outcome).toMatchObject({ verdict })
    expect(outcome.summary).toMatch(says)
  })
})

it('the evidence says which of the two protects, and how many approvals are required', () => {
  expect(evaluate('github_reviews_required', classic({}, [pullRequest(2, false)])).evidence).toEqual({ classic_protection: true, rules: ['pull_request'], required_approvals: 2 })
  expect(evaluate('github_status_checks_required', classic({}, [checks('lint', 'test')])).evidence).toMatchObject({ required: { total: 2, shown: ['test', 'lint'] } })
})
