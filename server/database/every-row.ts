import type { PostgrestSingleResponse } from '@supabase/supabase-js'
import { unwrap } from './result'

/** Rows a call: no more than any data API is set to give out. */
export const ROWS = 500

/**
 * Every row of a query. The data API answers with so many rows at most (`max_rows`, 1,000 at first, the operator's to change)
 * and says nothing of the rest: what has to be whole is asked for until nothing comes.
 * @param read what comes after `last` (undefined: from the first), in an order that no change in between upsets: by a key
 * @throws AppError as `unwrap`
 */
export async function everyRow<Row>(read: (last: Row | undefined) => PromiseLike<PostgrestSingleResponse<Row[]>>): Promise<Row[]> {
  const all: Row[] = []
  for (;;) {
    const rows = unwrap(await read(all.at(-1)))
    if (rows.length === 0) return all
    all.push(...rows)
  }
}

/** Before every id. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000'
