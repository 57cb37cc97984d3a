/** The bodies of the API's requests. Strict: an unknown field is refused, by name. */
import { z } from 'zod'
import { roles } from './vocabulary'

/** No text of Postgres holds a NUL or half a surrogate pair. */
const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed()
const unstorable = 'holds a character that no text may hold'

const email = z.string().trim().toLowerCase().max(320).pipe(z.email('is not an email address'))
/** NIST SP 800-63B: length is what counts. 72 bytes is where bcrypt, which the auth server uses, stops reading. */
const password = z.string().min(8, 'must have at least 8 characters').refine(isStorable, unstorable)
  .refine(text => new TextEncoder().encode(text).length <= 72, 'must have at most 72 bytes')
const name = z.string().trim().min(1, 'must not be empty').max(100, 'must have at most 100 characters').refine(isStorable, unstorable)
/** 256 random bits, base64url. */
const token = z.string().regex(/^[\w-]{43}$/, 'is not a token')

export const accountBody = z.strictObject({ email, password, organization: name.optional(), invitation: token.optional() })
export const signInBody = z.strictObject({ email, password: z.string().min(1).max(1000).refine(isStorable, unstorable) })
export const organizationBody = z.strictObject({ name })
export const switchBody = z.strictObject({ organization_id: z.uuid() })
export const resetBody = z.strictObject({ email })
export const passwordBody = z.strictObject({ token_hash: z.string().min(1).max(500).refine(isStorable, unstorable), password })
export const memberBody = z.strictObject({ role: z.enum(roles) })
export const invitationBody = z.strictObject({ email, role: z.enum(['admin', 'member']).default('member') })
export const tokenBody = z.strictObject({ token })
/** The answer to an installation that was started at the provider. `flow`: the id of its cookie. */
export const installBody = z.strictObject({ flow: z.string().regex(/^[0-9a-f]{16}$/, 'is not an id'), confirm: z.boolean() })

/** A role that a person has made. `flow`: the id of its start's cookie. What makes a role's name, its connector says. */
export const roleBody = z.strictObject({
  flow: z.string().regex(/^[0-9a-f]{16}$/, 'is not an id'),
  role_arn: z.string().max(2048, 'must have at most 2048 characters').refine(isStorable, unstorable),
  regions: z.array(z.string().max(64)).min(1, 'choose at least one').max(100),
})

const notEmpty = (body: object) => Object.keys(body).length > 0

/** `scan_schedule` is read by the server's cron parser: see server/scanner/schedule.ts. */
export const integrationBody = z.strictObject({
  name: name.optional(),
  status: z.enum(['active', 'paused'], 'must be active or paused').optional(),
  scan_schedule: z.string().trim().max(100).optional(),
  /** Whether what the grant newly reaches is scanned by itself. */
  scan_new_resources: z.boolean().optional(),
  enabled_checks: z.array(z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, 'is not the name of a check')).max(200).optional(),
}).refine(notEmpty, 'must change something')

export const resourceBody = z.strictObject({ enabled: z.boolean() })

const resourceWords = {
  /** Anywhere in name or id. */
  q: z.string().trim().max(100, 'must have at most 100 characters').refine(isStorable, unstorable).optional(),
  kind: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'is not a kind of resources').optional(),
}
/** All that match are switched; without any word, all. */
export const resourcesBody = z.strictObject({ ...resourceWords, missing: z.boolean().optional(), awaits_choice: z.boolean().optional(), enabled: z.boolean() })

const flag = z.enum(['true', 'false'], 'must be true or false').transform(word => word === 'true').optional()
/** The same as a query has it. */
export const resourceQuery = { ...resourceWords, enabled: flag, missing: flag, awaits_choice: flag }

export interface ResourceFilter { q?: string, kind?: string, enabled?: boolean, missing?: boolean, awaits_choice?: boolean }
