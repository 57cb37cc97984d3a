/** What the checks read of `GET /v9/projects/{id}`. */
import { z } from 'zod'
import { trustedIps } from './coverage'
import { bool, count, maybe, text, unset } from './fields'

/** Null: switched off. Its type says which deployments it covers. */
const protection = z.object({ deploymentType: text })
const ruleset = z.object({ active: bool, action: text })

export const projectSettings = z.object({
  directoryListing: bool,
  gitForkProtection: bool,
  nodeVersion: text,
  // In the words of each Git provider. Its deploy hooks are left behind.
  link: unset(z.object({ type: text, host: text, org: text, repo: text, projectUrl: text, owner: text, slug: text, productionBranch: text })),
  ssoProtection: maybe(protection),
  passwordProtection: maybe(protection),
  passport: unset(protection),
  trustedIps: unset(trustedIps),
  // The names of this map are the secrets themselves: only what stands under them is kept.
  protectionBypass: unset(z.record(z.string(), z.object({ createdAt: count, scope: text })).transform(entries => Object.values(entries))),
  optionsAllowlist: unset(z.object({ paths: z.array(z.object({ value: z.string() })) })),
  security: unset(z.object({
    firewallEnabled: bool,
    attackModeEnabled: bool,
    managedRules: unset(z.record(z.string(), maybe(ruleset))),
  })),
})

export type ProjectSettings = z.infer<typeof projectSettings>
