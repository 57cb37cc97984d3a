import type { Check } from '../../contract'
import { defaultProtection } from './default-protection'
import { deploymentsProtected } from './deployments-protected'
import { directoryListing } from './directory-listing'
import { domainsVerified } from './domains-verified'
import { envProductionIsolated } from './env-production-isolated'
import { envSecretsProtected } from './env-secrets-protected'
import { firewallEnabled } from './firewall-enabled'
import { gitForkProtection } from './git-fork-protection'
import { protectionBypass } from './protection-bypass'
import { runtimeSupported } from './runtime-supported'
import { samlEnforced } from './saml-enforced'
import { sensitiveEnvPolicy } from './sensitive-env-policy'
import { teamRoles } from './team-roles'

/** Every question asked of a project, and of the team. */
export const checks: readonly Check[] = [
  deploymentsProtected,
  protectionBypass,
  gitForkProtection,
  runtimeSupported,
  directoryListing,
  firewallEnabled,
  domainsVerified,
  samlEnforced,
  teamRoles,
  defaultProtection,
  sensitiveEnvPolicy,
  envSecretsProtected,
  envProductionIsolated,
]
