/**
 * No OAuth: the customer makes a role that trusts our principal under an id of ours, and we take it on for fifteen minutes at a
 * time (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html).
 */
import type { AssumeRole } from '../contract'
import { principal, tryTrust } from './assume'
import { accountSummary, trust } from './endpoints'
import { scope } from './operation'
import { homeRegion, regions } from './regions'
import { readRole } from './role'
import { quickCreate, securityAudit, template, trustPolicy } from './trust-policy'

export const authorization = {
  kind: 'assume_role',
  scopes: [{
    name: scope,
    reason: 'AWS\'s own read-only policy for audits: settings of accounts and services. It also reads some things that are close to data, such as parts of database logs and names of Cognito users, which this product never asks for',
  }],
  revocation: null,
  manualRevocationUrl: 'https://console.aws.amazon.com/iam/home#/roles',
  readRole,
  policies: [securityAudit],
  trustPolicy,
  template: { fileName: 'allyship-scanner-role.json', text: template },
  quickCreate,
  regions,
  defaultRegions: settings => [settings.region ?? homeRegion],
  probe: accountSummary,
  principal,
  tryTrust,
  trust,
} satisfies AssumeRole
