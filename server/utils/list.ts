/** Lists: `{data, next_cursor}`, newest first (or by rank, then newest first), by keyset: stable while rows are added. */
import { z } from 'zod'
import { isoTime, withIsoTimes } from './time'

/** The place after which the next page starts: the last row's time and id, and its rank in a list that has one. */
export interface Position { at: string, id: string, rank?: number }

/** As `isoTime` writes it: in UTC. Postgres knows no year 0. */
const time = z.iso.datetime().refine(text => !text.startsWith('0000'))
const positionSchema = z.tuple([time, z.uuid(), z.number().int().optional()])

const cursorSchema = z.string().max(200).transform((text, context): Position => {
  try {
    const [at, id, rank] = positionSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    return { at, id, rank }
  }
  catch {
    context.issues.push({ code: 'custom', message: 'is not a cursor of this list', input: text })
    return z.NEVER
  }
})

/** The query fields that every list takes. */
export const listQuery = {
  limit: z.coerce.number('must be a number').int().min(1).max(200).default(50),
  cursor: cursorSchema.optional(),
}

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
    next_cursor: last ? Buffer.from(JSON.stringify([isoTime(at(last)), last.id, ...(rank ? [rank(last)] : [])])).toString('base64url') : null,
  }
}
