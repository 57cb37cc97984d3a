/**
 * The Management API calls that the checks read. Operations, scopes and field names: Supabase's OpenAPI document
 * (https://api.supabase.com/api/v1), `x-oauth-scope` of each operation.
 *
 * Every schema is an allow-list. `config/auth` also answers SMTP passwords, hook and social-login secrets, `postgrest`
 * the JWT secret: what is not named here does not leave the parser. A field that is missing, null or of another type is
 * `undefined` or `null` here rather than a refusal of the whole answer, so that one odd field costs one check its
 * verdict and not all of them; the checks never read such a field as a pass. Enums stay open: Supabase adds values.
 */
import { z } from 'zod'
import type { Endpoint, ResourceDescription } from '../contract'

const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined)
const bool = maybe(z.boolean())
const count = maybe(z.number())
const text = maybe(z.string())
/** Part of a path of later calls: the document's own pattern, which also keeps `..` out. */
const segment = z.string().regex(/^[\w-]{1,100}$/)

const project = (suffix: string) => (resource: ResourceDescription) =>
  `/v1/projects/${encodeURIComponent(resource.externalId)}${suffix}`

/** Of an organization, which may have hundreds of projects. */
const sharedBy = ({ metadata }: ResourceDescription) => String(metadata.organization_slug ?? '')

const organizationPath = (suffix: string) => (resource: ResourceDescription) =>
  `/v1/organizations/${encodeURIComponent(String(resource.metadata.organization_slug ?? ''))}${suffix}`

export const organizations = {
  id: 'organizations',
  path: () => '/v1/organizations',
  schema: z.array(z.object({ slug: segment, name: z.string() })),
  scope: 'organizations:read',
} satisfies Endpoint

export const projects = {
  id: 'projects',
  path: () => '/v1/projects',
  schema: z.array(z.object({
    ref: segment,
    name: z.string(),
    organization_slug: segment,
    region: text,
    status: text,
    created_at: text,
    database: maybe(z.object({ version: text })),
  })),
  scope: 'projects:read',
} satisfies Endpoint

export const organization = {
  id: 'organization',
  path: organizationPath(''),
  sharedBy,
  schema: z.object({ plan: text }),
  scope: 'organizations:read',
} satisfies Endpoint

export const entitlements = {
  id: 'entitlements',
  path: organizationPath('/entitlements'),
  sharedBy,
  schema: z.object({ entitlements: maybe(z.array(z.object({ feature: maybe(z.object({ key: text })), hasAccess: bool }))) }),
  scope: 'organizations:read',
} satisfies Endpoint

export const members = {
  id: 'members',
  path: organizationPath('/members'),
  sharedBy,
  // No email address: the name and the role are enough to act on.
  schema: z.array(z.object({ user_name: text, role_name: text, mfa_enabled: bool })),
  scope: 'organizations:read',
} satisfies Endpoint

export const advisors = {
  id: 'advisors',
  path: project('/advisors/security'),
  schema: z.object({
    lints: maybe(z.array(z.object({
      name: z.string(),
      level: text,
      metadata: maybe(z.object({ schema: text, name: text, entity: text, type: text })),
    }))),
  }),
  scope: 'database:read',
  // Marked deprecated and experimental in Supabase's document: the day it is gone is not a day without findings.
  absent: [404, 410],
} satisfies Endpoint

export const authConfig = {
  id: 'auth_config',
  path: project('/config/auth'),
  schema: z.object({
    disable_signup: bool,
    external_anonymous_users_enabled: bool,
    external_email_enabled: bool,
    jwt_exp: count,
    mailer_allow_unverified_email_sign_ins: bool,
    mailer_autoconfirm: bool,
    mailer_otp_exp: count,
    mfa_phone_enroll_enabled: bool,
    mfa_phone_verify_enabled: bool,
    mfa_totp_enroll_enabled: bool,
    mfa_totp_verify_enabled: bool,
    mfa_web_authn_enroll_enabled: bool,
    mfa_web_authn_verify_enabled: bool,
    password_hibp_enabled: bool,
    password_min_length: count,
    password_required_characters: text,
    refresh_token_rotation_enabled: bool,
    uri_allow_list: text,
  }),
  scope: 'auth:read',
} satisfies Endpoint

export const postgrest = {
  id: 'postgrest',
  path: project('/postgrest'),
  schema: z.object({ db_schema: text, max_rows: count }),
  scope: 'rest:read',
} satisfies Endpoint

export const legacyKeys = {
  id: 'legacy_keys',
  // Never `/api-keys` itself: it answers the legacy keys in the clear even when not asked to reveal them.
  path: project('/api-keys/legacy'),
  schema: z.object({ enabled: bool }),
  scope: 'secrets:read',
  absent: [404],
} satisfies Endpoint

export const signingKeys = {
  id: 'signing_keys',
  path: project('/config/auth/signing-keys'),
  schema: z.object({ keys: maybe(z.array(z.object({ algorithm: text, status: text }))) }),
  scope: 'secrets:read',
  absent: [404],
} satisfies Endpoint

export const functions = {
  id: 'functions',
  path: project('/functions'),
  schema: z.array(z.object({ slug: z.string(), name: text, status: text, verify_jwt: bool })),
  scope: 'edge_functions:read',
} satisfies Endpoint

export const sslEnforcement = {
  id: 'ssl_enforcement',
  path: project('/ssl-enforcement'),
  schema: z.object({ currentConfig: maybe(z.object({ database: bool })), appliedSuccessfully: bool }),
  scope: 'database:read',
} satisfies Endpoint

export const networkRestrictions = {
  id: 'network_restrictions',
  path: project('/network-restrictions'),
  schema: z.object({
    entitlement: text,
    // A list may be missing, but one that cannot be read makes the whole configuration unreadable, never shorter.
    config: maybe(z.object({ dbAllowedCidrs: z.array(z.string()).nullish(), dbAllowedCidrsV6: z.array(z.string()).nullish() })),
    status: text,
  }),
  scope: 'projects:read',
} satisfies Endpoint

export const backups = {
  id: 'backups',
  path: project('/database/backups'),
  schema: z.object({
    pitr_enabled: bool,
    backups: maybe(z.array(z.object({ status: text, inserted_at: text }))),
  }),
  scope: 'database:read',
} satisfies Endpoint

export const upgradeEligibility = {
  id: 'upgrade_eligibility',
  path: project('/upgrade/eligibility'),
  schema: z.object({ eligible: bool, current_app_version: text, latest_app_version: text }),
  scope: 'projects:read',
} satisfies Endpoint

export const storageBuckets = {
  id: 'storage_buckets',
  path: project('/storage/buckets'),
  schema: z.array(z.object({ name: z.string(), public: bool })),
  scope: 'storage:read',
} satisfies Endpoint
