/** Lists: `{data, next_cursor}`, newest first (or by rank, then newest first, or by a text), by keyset: stable while rows are added. */
import { z } from 'zod'
import { isoTime, withIsoTimes } from './time'

/** The place after which the next page starts: the last row's time and id, and its rank in a list that has one. */
export interface Position { at: string, id: string, rank?: number }

/** As `isoTime` writes it: in UTC. Postgres knows no year 0. */
const time = z.iso.datetime().refine(text => !text.startsWith('0000'))
const positionSchema = z.tuple([time, z.uuid(), z.number().int().optional()]).transform(([at, id, rank]): Position => ({ at, id, rank }))

/** The place in a list that is sorted by a text, as the database made it of the row, and by id. */
export interface Place { text: string, id: string }
/** No text of Postgres holds a NUL or half a surrogate pair. */
const placeSchema = z.tuple([z.string().max(200).refine(text => !text.includes('\0') && text.isWellFormed()), z.uuid()])
  .transform(([text, id]): Place => ({ text, id }))

/** @param most characters: 200 of a text may take six bytes each in JSON */
function cursorOf<T>(schema: z.ZodType<T>, most: number) {
  return z.string().max(most).transform((text, context): T => {
    try {
      return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    }
    catch {
      context.issues.push({ code: 'custom', message: 'is not a cursor of this list', input: text })
      return z.NEVER
    }
  })
}
const toCursor = (parts: readonly (string | number)[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')

/** The query fields that every list takes. */
export const listQuery = {
  limit: z.coerce.number('must be a number').int().min(1).max(200).default(50),
  cursor: cursorOf(positionSchema, 200).optional(),
}

/** The same of a list that is sorted by a text. */
export const textListQuery = { ...listQuery, cursor: cursorOf(placeSchema, 2_000).optional() }

/** The PostgREST filter for what comes after a position, by `column` descending, then by id descending. */
export function afterPosition(column: string, position: Position, idColumn = 'id'): string {
  return `${column}.lt."${position.at}",and(${column}.eq."${position.at}",${idColumn}.lt."${position.id}")`
}

/** The same where `rankColumn`, ascending, comes first. A cursor without a rank starts at the first one. */
export function afterRankedPosition(rankColumn: string, column: string, { at, id, rank = 0 }: Position): string {
  return `${rankColumn}.gt.${rank},and(${rankColumn}.eq.${rank},${column}.lt."${at}"),and(${rankColumn}.eq.${rank},${column}.eq."${at}",id.lt."${id}")`
}

/** A page out of `limit + 1` rows, its times in ISO 8601. */
export function toPage<Row extends { id: string }, Item extends object>(
  rows: readonly Row[], limit: number, at: (row: Row) => string, shape: (row: Row) => Item, rank?: (row: Row) => number,
): { data: Item[], next_cursor: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    data: rows.slice(0, limit).map(row => withIsoTimes(shape(row))),
    next_cursor: last ? toCursor([isoTime(at(last)), last.id, ...(rank ? [rank(last)] : [])]) : null,
  }
}

/** The same out of rows that carry the text they are sorted by. */
export function toTextPage<Row extends { id: string, place: string }>(rows: readonly Row[], limit: number) {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    data: rows.slice(0, limit).map(({ place: _, ...row }) => withIsoTimes(row)),
    next_cursor: last ? toCursor([last.place, last.id]) : null,
  }
}
