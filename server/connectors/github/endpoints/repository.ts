/** What is asked of a repository. */
import { z } from 'zod'
import type { Endpoint } from '../../contract'
import { linkPaging } from '../../paging'
import { bool, count, given, maybe, meaning, ofDefaultBranch, ofRepository, text } from './fields'

const status = maybe(z.object({ status: text }))
const switched = given(z.object({ enabled: z.boolean() }))

export const repository = {
  id: 'repository',
  path: ofRepository(''),
  schema: z.object({
    private: bool,
    language: text,
    owner: maybe(z.object({ type: text })),
    // Only administrators see it.
    security_and_analysis: maybe(z.object({ secret_scanning: status, secret_scanning_push_protection: status })),
  }),
  scope: 'administration:read',
  minted: true,
} satisfies Endpoint

const protection = z.object({
  required_pull_request_reviews: given(z.object({
    required_approving_review_count: count,
    dismiss_stale_reviews: bool,
    require_code_owner_reviews: bool,
  })),
  required_status_checks: given(z.object({ contexts: maybe(z.array(z.string())) })),
  enforce_admins: switched,
  allow_force_pushes: switched,
  allow_deletions: switched,
})
/** `no_branch`: the repository has no default branch, as an empty one. */
export type Protection = z.infer<typeof protection> & { no_branch?: true }

/** Classic protection; null: there is none. A 404 "Not Found" is what those get who may not see it. */
export const branchProtection = {
  id: 'branch_protection',
  path: ofDefaultBranch('/branches/', '/protection'),
  schema: protection.transform((rules): Protection => rules),
  scope: 'administration:read',
  minted: true,
  otherwise: meaning<Protection>([[404, /^Branch not protected/i, null], [404, /^Branch not found/i, { no_branch: true }]]),
} satisfies Endpoint<Protection>

const rule = z.object({
  type: z.string(),
  parameters: maybe(z.object({
    required_approving_review_count: count,
    dismiss_stale_reviews_on_push: bool,
    require_code_owner_review: bool,
    required_status_checks: maybe(z.array(z.object({ context: z.string() }))),
  })),
})
export type Rule = z.infer<typeof rule>

/** Of active rulesets only, the organization's included: https://docs.github.com/en/rest/repos/rules */
export const branchRules = {
  id: 'branch_rules',
  path: ofDefaultBranch('/rules/branches/', '?per_page=100'),
  schema: z.array(rule),
  scope: 'metadata:read',
  minted: true,
  paging: linkPaging<Rule>(),
} satisfies Endpoint<Rule[]>

const deployKey = z.object({ title: text, read_only: bool, enabled: bool })

export const deployKeys = {
  id: 'deploy_keys',
  path: ofRepository('/keys?per_page=100'),
  schema: z.array(deployKey),
  scope: 'administration:read',
  minted: true,
  paging: linkPaging<z.infer<typeof deployKey>>(),
} satisfies Endpoint
