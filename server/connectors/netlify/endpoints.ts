/**
 * The calls of Netlify's API that discovery and the checks make. Operations and field names: Netlify's Swagger document
 * (https://open-api.netlify.com), and the models of its Terraform provider for what the document leaves out; the contract test
 * names each such field.
 *
 * Every schema is an allow-list. A site carries its password, deploy hooks' tokens and build variables, `/env` the values of
 * variables, a hook its address and signing secret: what is not named here does not leave the parser. A field that is missing,
 * null or of another type is `undefined` or `null` here rather than a refusal of the whole answer; no check reads that as a pass.
 */
import { z } from 'zod'
import type { Endpoint, ResourceDescription } from '../contract'
import { linkPaging } from '../paging'
import { shapeOf } from '../signals'

/** There is one permission: everything the person may do (https://github.com/netlify/open-api/issues/168). */
export const scope = 'user'

const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined)
const bool = maybe(z.boolean())
const text = maybe(z.string())
/** Whether there is one, and never what it is. */
const presence = z.string().transform(value => value.trim() !== '')
/** The same of a text that is left out where there is none; undefined for what is no text. */
const failure = z.unknown().optional().transform(value => value === undefined || value === null ? false : typeof value === 'string' ? value.trim() !== '' : undefined)
/** The scheme and the host of an address: a webhook's path and query are often its password. Anything else is odd. */
const address = z.url().transform((value) => {
  const { protocol, hostname } = new URL(value)
  return { encrypted: protocol === 'https:', host: hostname }
})
/** Part of a path of later calls: ids and slugs, never `..` or a slash. */
const segment = z.string().regex(/^[\w-]{1,100}$/)

/** A list, which goes on with `Link` wherever Netlify says so; the document tells of it for few calls only. */
const list = <T extends z.ZodType>(item: T) => ({ schema: z.array(item), paging: linkPaging<z.infer<T>>() })

const site = (suffix: string) => ({ externalId }: ResourceDescription) => `/api/v1/sites/${encodeURIComponent(externalId)}${suffix}`
const fact = (resource: ResourceDescription, name: string) => encodeURIComponent(String(resource.metadata[name] ?? 'unknown'))

export const user = {
  id: 'user',
  path: () => '/api/v1/user',
  schema: z.object({ id: segment, full_name: text, email: text }),
  scope,
} satisfies Endpoint

export const accounts = {
  id: 'accounts',
  path: () => '/api/v1/accounts',
  ...list(z.object({
    id: segment,
    slug: segment,
    name: z.string(),
    type_name: text,
    enforce_mfa: text,
    enforce_saml: text,
    has_site_password: bool,
    site_password_context: text,
  })),
  scope,
} satisfies Endpoint

export const sites = {
  id: 'sites',
  path: () => '/api/v1/sites?filter=all&per_page=100',
  ...list(z.object({ id: segment, name: z.string(), account_id: segment, account_slug: text, url: text, custom_domain: text, disabled: bool })),
  scope,
} satisfies Endpoint

export const siteSettings = {
  id: 'site',
  path: site(''),
  schema: z.object({
    custom_domain: text,
    force_ssl: bool,
    has_password: bool,
    password_context: text,
    sso_login: bool,
    sso_login_context: text,
    account_sso_login: bool,
    account_sso_login_context: text,
    prevent_non_git_prod_deploys: bool,
    build_settings: maybe(z.object({ repo_url: text, repo_branch: text, repo_path: text, public_repo: bool, private_logs: bool, untrusted_flow: text })),
  }),
  scope,
} satisfies Endpoint

export const certificate = {
  id: 'certificate',
  path: site('/ssl'),
  // A site without a certificate of its own answers `null`, or 404. The text of a failed renewal is free: only whether there is one.
  schema: z.object({
    state: text,
    domains: maybe(z.array(z.string())),
    expires_at: text,
    renewal_error_message: failure,
  }).nullable(),
  scope,
  absent: [404],
} satisfies Endpoint

export const variables = {
  id: 'variables',
  // Of a site: those set on it; of a team: those that all of its sites share.
  path: resource => resource.kind === 'account'
    ? `/api/v1/accounts/${encodeURIComponent(resource.externalId)}/env`
    : `/api/v1/accounts/${fact(resource, 'account_id')}/env?site_id=${encodeURIComponent(resource.externalId)}`,
  // Of a value that is not marked as secret its shape is left, and nothing of any other.
  ...list(z.object({ key: z.string(), is_secret: bool, values: maybe(z.array(z.object({ value: maybe(z.string()) }))) })
    .transform(({ values, ...variable }) => ({
      ...variable,
      shapes: variable.is_secret === false ? values?.flatMap(({ value }) => value ? [shapeOf(value)] : []) : undefined,
    }))),
  scope,
} satisfies Endpoint

export const hooks = {
  id: 'hooks',
  path: ({ externalId }) => `/api/v1/hooks?site_id=${encodeURIComponent(externalId)}`,
  ...list(z.object({ type: text, event: text, disabled: bool, data: maybe(z.object({ url: maybe(address), signature_secret: maybe(presence) })) })),
  scope,
} satisfies Endpoint

export const members = {
  id: 'members',
  path: resource => `/api/v1/${fact(resource, 'slug')}/members`,
  // No email address: the name and the role are enough to act on.
  ...list(z.object({
    full_name: text,
    role: text,
    mfa_enabled: bool,
    pending: bool,
    managed_by_directory_sync: bool,
    last_activity_date: text,
    created_at: text,
  })),
  scope,
} satisfies Endpoint

export const auditLog = {
  id: 'audit_log',
  // One page, newest first: whether there is a log, not what is in it.
  path: ({ externalId }) => `/api/v1/accounts/${encodeURIComponent(externalId)}/audit?page=1&per_page=20`,
  schema: z.array(z.object({ payload: maybe(z.object({ timestamp: text })) })),
  scope,
} satisfies Endpoint
