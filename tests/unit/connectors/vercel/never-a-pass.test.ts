import { vercel } from '#server/connectors/vercel'
import { neverAPass } from '../never-a-pass'
import { evaluate } from './evaluate'
import { passing } from './passing'

/** What each verdict rests on, by the names of the fields on the way to it. */
const deciding: Readonly<Record<string, readonly string[]>> = {
  vercel_deployments_protected: ['ssoProtection', 'deploymentType'],
  vercel_protection_bypass: ['protectionBypass', 'createdAt', 'optionsAllowlist', 'paths', 'value'],
  vercel_git_fork_protection: ['gitForkProtection'],
  vercel_runtime_supported: ['nodeVersion'],
  vercel_directory_listing: ['directoryListing'],
  vercel_firewall_enabled: ['security', 'firewallEnabled', 'managedRules', 'owasp', 'active'],
  vercel_domains_verified: ['domains', 'verified', 'next'],
  vercel_saml_enforced: ['saml', 'enforced'],
  vercel_team_roles: ['members', 'role', 'confirmed', 'emailInviteCodes', 'createdAt', 'next'],
  vercel_default_protection: ['defaultDeploymentProtection', 'ssoProtection', 'deploymentType'],
  vercel_sensitive_env_policy: ['sensitiveEnvironmentVariablePolicy'],
  vercel_env_secrets_protected: ['envs', 'key', 'type', 'securityIssues'],
  vercel_env_production_isolated: ['envs', 'key', 'type', 'target'],
}

/** Vercel leaves these out when they are not set. */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  vercel_protection_bypass: ['protectionBypass', 'optionsAllowlist'],
  vercel_firewall_enabled: ['managedRules'],
  vercel_domains_verified: ['next'],
  vercel_team_roles: ['emailInviteCodes', 'next'],
  vercel_env_secrets_protected: ['securityIssues'],
}

/** An invitation's role and the day on which a member joined are not judged. */
const told = ['emailInviteCodes.role', 'members.createdAt']

neverAPass({
  connector: vercel,
  evaluate,
  passing,
  decides: (id, field, path) => (deciding[id] ?? []).includes(field) && !told.includes(path.filter(key => typeof key === 'string').slice(1).join('.')),
  optional: (id, field) => (leftOut[id] ?? []).includes(field),
})
