/**
 * Fields of an answer. One that is missing or of another type is `undefined` here rather than a refusal of the whole answer,
 * so that one odd field costs one check its verdict and not all of them.
 */
import { z } from 'zod'

/** Null: Vercel says that it is not set. Undefined: missing, or not to be read. */
export const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined)

/** For what Vercel leaves out when it is not set. Null: missing or null. Undefined: there, and not to be read. */
export const unset = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value): z.output<T> | null | undefined => value ?? null).catch(undefined)

export const bool = maybe(z.boolean())
export const count = maybe(z.number())
export const text = maybe(z.string())
/** Part of a path of later calls; keeps `..` out. */
export const segment = z.string().regex(/^[\w-]{1,100}$/)

/** Strict: a cursor that could not be read would cut the list. */
export const pagination = z.object({ next: z.union([z.string(), z.number()]).nullish() }).nullish()
