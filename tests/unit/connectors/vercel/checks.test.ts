import { describe, expect, it } from 'vitest'
import { vercel } from '#server/connectors/vercel'
import { type Bodies, daysAgo, evaluate } from './evaluate'
import { canary, member, passing, projectBody, teamBody, variable } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const project = (changes: object) => ({ project: { ...projectBody, ...changes } })
const team = (changes: object) => ({ team: { ...teamBody, ...changes } })
const domains = (...list: unknown[]) => ({ domains: { domains: list, pagination: null } })
const envs = (...list: unknown[]) => ({ environment: { envs: list } })
const members = (list: unknown, invitations?: unknown) => ({ members: { members: list, emailInviteCodes: invitations, pagination: null } })
const security = (changes: object | null) => project({ security: changes === null ? undefined : { ...projectBody.security, ...changes } })
const people = (owners: number, others: number) => [
  ...Array.from({ length: owners }, (_, index) => member(`owner${index}`, 'OWNER')), ...Array.from({ length: others }, (_, index) => member(`member${index}`, 'DEVELOPER')),
]

const malformedProject: Row[] = [
  ['the project is a list', { project: [] }, 'rejected', /project/],
  ['the project is a word', { project: 'x' }, 'rejected', /project/],
]
const hiddenTeam: Row[] = [
  ['single sign-on hides the team', { team: { id: 'team_3Rw9', slug: 'larkspur', name: 'Larkspur', limited: true, limitedBy: ['saml'], saml: { enforced: true } } }, 'error', /single sign-on/],
  ['second factors hide it', team({ limited: true, limitedBy: ['mfa'] }), 'error', /second factors/],
  ['something new hides it', team({ limitedBy: ['moonphase'] }), 'error', /a part of the team/],
  ['the team has no id', { team: {} }, 'rejected', /team/],
  ['the team is a list', { team: [] }, 'rejected', /team/],
]

const tables: Record<string, Row[]> = {
  vercel_deployments_protected: [
    ['nothing protects', project({ ssoProtection: null }), 'fail', /No deployment/],
    ['only previews are protected', project({ ssoProtection: { deploymentType: 'preview' } }), 'fail', /Only a part/],
    ['only production is, by address', project({ ssoProtection: null, trustedIps: { deploymentType: 'production', protectionMode: 'exclusive', addresses: [{ value: '203.0.113.7' }] } }), 'fail', /Only a part/],
    ['a password protects all', project({ ssoProtection: null, passwordProtection: { deploymentType: 'all' } }), 'pass', /protected/],
    ['a passport protects', project({ ssoProtection: null, passport: { connectorId: 'c', deploymentType: 'all_except_custom_domains' } }), 'pass', /protected/],
    ['only named addresses get through', project({ ssoProtection: null, trustedIps: { deploymentType: 'all', protectionMode: 'exclusive', addresses: [{ value: '203.0.113.0/24' }] } }), 'pass', /protected/],
    ['every address gets through', project({ ssoProtection: null, trustedIps: { deploymentType: 'all', protectionMode: 'exclusive', addresses: [{ value: '0.0.0.0/1' }, { value: '128.0.0.0/1' }] } }), 'fail', /No deployment/],
    ['named addresses get past a protection that is not there', project({ ssoProtection: null, trustedIps: { deploymentType: 'all', protectionMode: 'additional', addresses: [{ value: '203.0.113.7' }] } }), 'fail', /No deployment/],
    ['which addresses get through is not shown', project({ ssoProtection: null, trustedIps: { deploymentType: 'all' } }), 'error', /trustedIps/],
    ['an address is none', project({ ssoProtection: null, trustedIps: { deploymentType: 'all', protectionMode: 'exclusive', addresses: [{ value: 'anywhere' }] } }), 'error', /trustedIps/],
    ['it is not known what addresses are for', project({ ssoProtection: null, trustedIps: { deploymentType: 'all', protectionMode: 'sometimes', addresses: [{ value: '203.0.113.7' }] } }), 'error', /trustedIps/],
    ['a password protects who knows what', project({ ssoProtection: null, passwordProtection: {} }), 'error', /which deployments/],
    ['a new kind of protection', project({ ssoProtection: { deploymentType: 'weekends' } }), 'error', /which deployments/],
    ['the field is missing', project({ ssoProtection: undefined }), 'error', /ssoProtection/],
    ['the answer is empty', { project: {} }, 'error', /ssoProtection, passwordProtection/],
    ...malformedProject,
  ],
  vercel_protection_bypass: [
    ['a secret is old', project({ protectionBypass: { a: { createdAt: daysAgo(181), scope: 'automation-bypass' } } }), 'fail', /1 bypass secret is older/],
    ['an integration\'s is old', project({ protectionBypass: { a: { createdAt: daysAgo(400), scope: 'integration-automation-bypass' } } }), 'fail', /older/],
    ['exactly 180 days', project({ protectionBypass: { a: { createdAt: daysAgo(180), scope: 'automation-bypass' } } }), 'pass', /young/],
    ['every path is open', project({ optionsAllowlist: { paths: [{ value: '/' }] } }), 'fail', /every path/],
    ['every path, by a star', project({ optionsAllowlist: { paths: [{ value: '/**' }] } }), 'fail', /every path/],
    ['there is none', project({ protectionBypass: undefined, optionsAllowlist: null }), 'not_applicable', /no bypass/],
    ['the map is empty', project({ protectionBypass: {}, optionsAllowlist: null }), 'not_applicable', /no bypass/],
    ['a time is missing', project({ protectionBypass: { a: { scope: 'automation-bypass' } } }), 'error', /when/],
    ['a time is to come', project({ protectionBypass: { a: { createdAt: daysAgo(-30), scope: 'automation-bypass' } } }), 'error', /when/],
    ['the list is odd', project({ protectionBypass: ['a'] }), 'error', /could not be read/],
    ['the answer is empty', { project: {} }, 'not_applicable', /no bypass/],
    ...malformedProject,
  ],
  vercel_git_fork_protection: [
    ['it is off', project({ gitForkProtection: false }), 'fail', /without asking/],
    ['no repository', project({ link: undefined }), 'not_applicable', /Git/],
    ['it is not stated', project({ gitForkProtection: undefined }), 'error', /gitForkProtection/],
    ['the link cannot be read', project({ link: 'github' }), 'error', /link/],
    ['the answer is empty', { project: {} }, 'not_applicable', /Git/],
    ...malformedProject,
  ],
  vercel_runtime_supported: [
    ['it is long over', project({ nodeVersion: '16.x' }), 'fail', /2023-09-11/],
    ['it is over', project({ nodeVersion: '20.x' }), 'fail', /2026-04-30/],
    ['it has some months', project({ nodeVersion: '22.x' }), 'pass', /2027-04-30/],
    ['it is newer than this list', project({ nodeVersion: '40.x' }), 'error', /not one whose end/],
    ['it is no version', project({ nodeVersion: 'constructor' }), 'error', /not one whose end/],
    ['the answer is empty', { project: {} }, 'error', /not stated/],
    ...malformedProject,
  ],
  vercel_directory_listing: [
    ['folders are listed', project({ directoryListing: true }), 'fail', /listed/],
    ['it is said in words', project({ directoryListing: 'no' }), 'error', /directoryListing/],
    ['the answer is empty', { project: {} }, 'error', /directoryListing/],
    ...malformedProject,
  ],
  vercel_firewall_enabled: [
    ['it is off', security({ firewallEnabled: false }), 'fail', /firewall is off/],
    ['every ruleset is off', security({ managedRules: { owasp: { active: false }, bot_filter: { active: false } } }), 'fail', /every managed ruleset/],
    ['one ruleset is on', security({ managedRules: { owasp: { active: false }, bot_filter: { active: true, action: 'log' } } }), 'pass', /with managed rulesets/],
    ['no ruleset is set up', security({ managedRules: null }), 'pass', /no managed ruleset/],
    ['a ruleset is odd', security({ managedRules: { owasp: 'on' } }), 'error', /managed rulesets/],
    ['the rulesets are odd', security({ managedRules: 'on' }), 'error', /managed rulesets/],
    ['the project has no settings of it', security(null), 'not_applicable', /no firewall settings/],
    ['it is not stated', security({ firewallEnabled: undefined }), 'error', /firewallEnabled/],
    ['the answer is empty', { project: {} }, 'not_applicable', /no firewall settings/],
    ...malformedProject,
  ],
  vercel_domains_verified: [
    ['one waits', domains({ name: 'a.example', verified: true }, { name: 'b.example', verified: false }), 'fail', /1 domain is not/],
    ['it is not stated', domains({ name: 'a.example' }), 'error', /1 domain/],
    ['there is none', domains(), 'not_applicable', /no domain/],
    ['without a name', domains({ verified: true }), 'rejected', /domains/],
    ['the cursor is odd', { domains: { domains: [{ name: 'a.example', verified: true }], pagination: { next: {} } } }, 'rejected', /domains/],
    ['the answer is empty', { domains: {} }, 'rejected', /domains/],
    ['malformed', { domains: [] }, 'rejected', /domains/],
  ],
  vercel_saml_enforced: [
    ['it is connected and optional', team({ saml: { enforced: false, connection: { state: 'active' } } }), 'fail', /not enforced/],
    ['nothing is connected on Enterprise', team({ saml: undefined }), 'fail', /No identity provider/],
    ['nothing is connected on Pro', team({ billing: { plan: 'pro' }, saml: undefined }), 'not_applicable', /does not include/],
    ['nothing is connected on Hobby', team({ billing: { plan: 'hobby' }, saml: { enforced: false } }), 'not_applicable', /does not include/],
    ['nothing is connected and the plan is hidden', team({ billing: undefined, saml: undefined }), 'error', /whether the plan/],
    ['enforced is not stated', team({ saml: { connection: { state: 'active' } } }), 'error', /enforced/],
    ['the connection is odd', team({ saml: { enforced: true, connection: 'yes' } }), 'error', /could not be read/],
    ['it is odd', team({ saml: 'on' }), 'error', /could not be read/],
    ['the answer has an id only', { team: { id: 'team_3Rw9' } }, 'error', /whether the plan/],
    ...hiddenTeam,
  ],
  vercel_team_roles: [
    ['too many own it', members(people(4, 8)), 'fail', /4 of 12/],
    ['four of many own it', members(people(4, 16)), 'pass', /Few/],
    ['three own all of it', members(people(3, 0)), 'pass', /Few/],
    ['a member never came', members([...people(1, 1), member('late', 'MEMBER', false, daysAgo(31))]), 'fail', /1 invitation is older/],
    ['a member comes soon', members([...people(1, 1), member('new', 'MEMBER', false, daysAgo(29))]), 'pass', /no invitation/],
    ['an invitation is old', members(people(1, 1), [{ role: 'MEMBER', createdAt: daysAgo(90) }]), 'fail', /1 invitation/],
    ['both', members([...people(4, 4), member('late', 'MEMBER', false, daysAgo(31))], [{ createdAt: daysAgo(90) }]), 'fail', /4 of 9.*2 invitations/],
    ['an old invitation has expired', members(people(1, 1), [{ role: 'MEMBER', createdAt: daysAgo(90), expired: true }]), 'pass', /no invitation/],
    ['an invitation has no time', members(people(1, 1), [{ role: 'MEMBER' }]), 'error', /every member/],
    ['a role is not stated', members([...people(1, 1), member('odd', undefined)]), 'error', /every member/],
    ['nobody is named', members([]), 'error', /no member/],
    ['the list is odd', members('all'), 'error', /no member/],
    ['the answer is empty', { members: {} }, 'error', /no member/],
    ['malformed', { members: [] }, 'rejected', /members/],
  ],
  vercel_default_protection: [
    ['new projects are open', team({ defaultDeploymentProtection: { ssoProtection: null, passwordProtection: null } }), 'fail', /not protected/],
    ['a password protects them', team({ defaultDeploymentProtection: { ssoProtection: null, passwordProtection: { deploymentType: 'all' } } }), 'pass', /protected/],
    ['only previews of them are protected', team({ defaultDeploymentProtection: { ssoProtection: { deploymentType: 'preview' }, passwordProtection: null } }), 'fail', /Only a part/],
    ['the kind of protection is new', team({ defaultDeploymentProtection: { ssoProtection: { deploymentType: 'weekends' }, passwordProtection: null } }), 'error', /how new projects/],
    ['the team has no default', team({ defaultDeploymentProtection: undefined }), 'not_applicable', /no default/],
    ['the default says nothing', team({ defaultDeploymentProtection: {} }), 'error', /how new projects/],
    ['the default is odd', team({ defaultDeploymentProtection: 'on' }), 'error', /could not be read/],
    ['the answer has an id only', { team: { id: 'team_3Rw9' } }, 'not_applicable', /no default/],
    ...hiddenTeam,
  ],
  vercel_sensitive_env_policy: [
    ['it is off', team({ sensitiveEnvironmentVariablePolicy: 'off' }), 'fail', /not on/],
    ['it was never set', team({ sensitiveEnvironmentVariablePolicy: 'default' }), 'fail', /not on/],
    ['it is null', team({ sensitiveEnvironmentVariablePolicy: null }), 'error', /did not say/],
    ['it is something new', team({ sensitiveEnvironmentVariablePolicy: 'sometimes' }), 'error', /did not say/],
    ['the answer has an id only', { team: { id: 'team_3Rw9' } }, 'error', /did not say/],
    ...hiddenTeam,
  ],
  vercel_env_secrets_protected: [
    ['a secret is plain', envs(variable('STRIPE_SECRET_KEY', 'plain')), 'fail', /1 variable looks/],
    ['two are', envs(variable('DATABASE_URL', 'plain'), variable('github_token', 'plain')), 'fail', /2 variables look/],
    ['Vercel itself says that it can be read', envs({ ...variable('ANYTHING', 'encrypted'), securityIssues: ['readable-secret'] }), 'fail', /1 variable/],
    ['it is said to be readable, whatever its type', envs({ ...variable('STRIPE_SECRET_KEY', 'encrypted'), visibility: 'config' }), 'fail', /1 variable/],
    ['it is said to be a secret, whatever its type', envs({ ...variable('STRIPE_SECRET_KEY', 'plain'), visibility: 'secret' }), 'pass', /in the clear/],
    ['what is said cannot be read', envs({ ...variable('STRIPE_SECRET_KEY', 'sensitive'), visibility: 7 }), 'error', /how every/],
    ['it is public on purpose', envs(variable('NEXT_PUBLIC_MAPS_API_KEY', 'plain')), 'not_applicable', /No variable/],
    ['it is encrypted', envs(variable('STRIPE_SECRET_KEY', 'encrypted')), 'pass', /in the clear/],
    ['nothing looks like a secret', envs(variable('NODE_ENV', 'plain')), 'not_applicable', /No variable/],
    ['there is none', envs(), 'not_applicable', /No variable/],
    ['a type is missing', envs(variable('STRIPE_SECRET_KEY', undefined)), 'error', /how every/],
    ['the list was cut', { environment: { envs: [variable('STRIPE_SECRET_KEY', 'sensitive')], pagination: { next: 1_700_000_000_000 } } }, 'error', /a part/],
    ['Vercel hides some', { environment: { envs: [variable('STRIPE_SECRET_KEY', 'sensitive')], hiddenProductionEnvCount: 2 } }, 'error', /hides 2 production variables/],
    ['Vercel hides none', { environment: { envs: [variable('STRIPE_SECRET_KEY', 'sensitive')], hiddenProductionEnvCount: 0 } }, 'pass', /in the clear/],
    ['it is not said how many it hides', { environment: { envs: [variable('STRIPE_SECRET_KEY', 'sensitive')], hiddenProductionEnvCount: 'some' } }, 'error', /how many/],
    ['what is hidden does not excuse what is seen', { environment: { envs: [variable('STRIPE_SECRET_KEY', 'plain')], hiddenProductionEnvCount: 2 } }, 'fail', /1 variable/],
    ['it is one variable and no list', { environment: variable('STRIPE_SECRET_KEY', 'sensitive') }, 'error', /no list/],
    ['without a name', envs({ type: 'plain' }), 'error', /no list/],
    ['the answer is empty', { environment: {} }, 'error', /no list/],
    ['malformed', { environment: [] }, 'rejected', /environment/],
  ],
  vercel_env_production_isolated: [
    ['previews share it', envs(variable('STRIPE_SECRET_KEY', 'encrypted', ['production', 'preview'])), 'fail', /1 secret is/],
    ['development shares what is stored as sensitive', envs(variable('PRICING', 'sensitive', ['development', 'production'])), 'fail', /1 secret/],
    ['previews share what is said to be a secret', envs({ ...variable('PRICING', 'encrypted', ['production', 'preview']), visibility: 'secret' }), 'fail', /1 secret/],
    ['an environment of the team\'s own shares it', envs({ ...variable('STRIPE_SECRET_KEY', 'encrypted', ['production']), customEnvironmentIds: ['env_staging'] }), 'fail', /1 secret/],
    ['other environments cannot be read', envs({ ...variable('STRIPE_SECRET_KEY', 'encrypted', ['production']), customEnvironmentIds: 'env_staging' }), 'error', /where/],
    ['there is no other environment', envs({ ...variable('STRIPE_SECRET_KEY', 'encrypted', ['production']), customEnvironmentIds: [] }), 'pass', /production alone/],
    ['previews have their own', envs(variable('STRIPE_SECRET_KEY', 'encrypted', ['production']), variable('STRIPE_SECRET_KEY', 'encrypted', ['preview', 'development'])), 'pass', /production alone/],
    ['the target is one word', envs(variable('STRIPE_SECRET_KEY', 'encrypted', 'production')), 'pass', /production alone/],
    ['what is shared is no secret', envs(variable('NODE_ENV', 'plain', ['production', 'preview'])), 'not_applicable', /No variable/],
    ['a target is missing', envs(variable('STRIPE_SECRET_KEY', 'encrypted', null)), 'error', /where/],
    ['the list was cut', { environment: { envs: [variable('STRIPE_SECRET_KEY', 'sensitive')], pagination: { next: 'x' } } }, 'error', /a part/],
    ['Vercel hides some', { environment: { envs: [], hiddenProductionEnvCount: 1 } }, 'error', /hides 1 production variable /],
    ['there is none', envs(), 'not_applicable', /No variable/],
    ['the answer is empty', { environment: {} }, 'error', /no list/],
    ['malformed', { environment: 'x' }, 'rejected', /environment/],
  ],
}

it('every check has a table and a set of answers with which it passes', () => {
  expect(Object.keys(tables).sort()).toEqual(vercel.checks.map(check => check.id).sort())
  expect(Object.keys(passing).sort()).toEqual(Object.keys(tables).sort())
})

describe.each(Object.keys(tables))('%s', (id) => {
  it('passes when all is well', () => {
    const evaluation = evaluate(id, passing[id] ?? {})
    expect(evaluation).toMatchObject({ verdict: 'pass', summary: expect.stringMatching(/\.$/) as string })
  })

  it.each(tables[id] ?? [])('when %s', (_when, bodies, verdict, says) => {
    const evaluation = evaluate(id, bodies)
    expect(evaluation.verdict).toBe(verdict)
    expect(evaluation.summary).toMatch(says)
    expect(JSON.stringify(evaluation)).not.toContain(canary)
  })
})
