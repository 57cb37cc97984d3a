/** Lists: `{data, next_cursor}`, newest first, by keyset: stable while rows are added. */
import { z } from 'zod'
import { isoTime, withIsoTimes } from './time'

/** The place after which the next page starts: the last row's time and id. */
export interface Position { at: string, id: string }

const positionSchema = z.tuple([z.iso.datetime({ offset: true }), z.uuid()])

const cursorSchema = z.string().max(200).transform((text, context): Position => {
  try {
    const [at, id] = positionSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    return { at, id }
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

/** The PostgREST filter for what comes after a position, by `column` descending, then id descending. */
export function afterPosition(column: string, position: Position): string {
  return `${column}.lt."${position.at}",and(${column}.eq."${position.at}",id.lt."${position.id}")`
}

/** A page out of `limit + 1` rows, its times in ISO 8601. */
export function toPage<Row extends { id: string }, Item extends object>(
  rows: readonly Row[], limit: number, at: (row: Row) => string, shape: (row: Row) => Item,
): { data: Item[], next_cursor: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    data: rows.slice(0, limit).map(row => withIsoTimes(shape(row))),
    next_cursor: last ? Buffer.from(JSON.stringify([isoTime(at(last)), last.id])).toString('base64url') : null,
  }
}
