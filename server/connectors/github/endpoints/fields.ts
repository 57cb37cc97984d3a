/**
 * How fields are read. Every schema is an allow-list: webhooks carry a secret in their configuration, secret scanning alerts
 * the secret itself. What is not named does not leave the parser. One odd field costs the checks that need it their verdict
 * and no others; enums stay open.
 */
import { z } from 'zod'
import type { ResourceDescription } from '../../contract'

/** Missing, null or of another type: undefined, "not said". */
export const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined)

/** For what GitHub leaves out where it is not set: undefined is "not set", null "could not be read". */
export const given = <T extends z.ZodType>(schema: T) => schema.nullable().optional().catch(null)

export const bool = maybe(z.boolean())
export const count = maybe(z.number())
export const text = maybe(z.string())
export const id = z.number().int().positive()

/** An owner's or a repository's name: stands in the paths of later calls, and is never a way up. */
export const segment = z.string().regex(/^(?!\.{1,2}$)[\w.-]{1,100}$/)
/** https://git-scm.com/docs/git-check-ref-format: no empty component, none that begins with a dot. */
export const branchName = z.string().max(255).regex(/^(?![./])(?!.*\/[./])(?!.*\/$).+$/s)

export const encoded = (value: unknown) => encodeURIComponent(String(value ?? ''))

export const ofOrganization = (suffix: string) => ({ metadata }: ResourceDescription) => `/orgs/${encoded(metadata.login)}${suffix}`
export const ofRepository = (suffix: string) => ({ metadata }: ResourceDescription) => `/repos/${encoded(metadata.owner)}/${encoded(metadata.repository)}${suffix}`
/** A repository without a default branch has none of this name either. */
export const ofDefaultBranch = (before: string, after: string) => (resource: ResourceDescription) =>
  ofRepository(`${before}${encoded(resource.metadata.default_branch ?? 'HEAD')}${after}`)(resource)

const messageSchema = z.object({ message: z.string() })

/** The text of a refusal, or an empty one. */
export function messageOf(body: unknown): string {
  return messageSchema.safeParse(body).data?.message ?? ''
}

/** What an endpoint's refusals mean, by status and text; null: there is no such thing. */
export function meaning<T = never>(rows: readonly (readonly [status: number, text: RegExp, means: T | null])[]) {
  return ({ status, body }: { status: number, body: unknown }): T | null | undefined =>
    rows.find(row => row[0] === status && row[1].test(messageOf(body)))?.[2]
}
