/** What all answers have in common. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type Evidence = { [key: string]: Json }

/** `counts`: of all that the list is about, where it tells. */
export interface List<T, Counts = undefined> { data: T[], next_cursor: string | null, counts?: Counts }

/** RFC 9457. */
export interface Problem {
  type: string
  title: string
  status: number
  detail?: string
  code: string
  errors?: { field: string, message: string }[]
  /** With `scan_in_progress`: the one that runs. */
  assessment_id?: string
  /** With `connection_refused`: a code of callback-errors.ts. */
  reason?: string
}
