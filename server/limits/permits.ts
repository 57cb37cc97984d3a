/** The limiter's calls to the database: see the head of its migration, rate_limits. */
import { z } from 'zod'
import { askAgain } from '#server/database/ask-again'
import type { Client } from '#server/database/clients'
import { unwrap } from '#server/database/result'

/** Seconds; what was not said is left out. */
export type Note = { limit?: number, remaining?: number, resets_in?: number, blocked_for?: number }

export type Ask = {
  key: string
  /** As documented: for a bucket that is not there yet. */
  calls: number | null
  seconds: number
  organization_id: string
  want: number
  /** Unused, of this window. */
  returned: number
  window: number | null
  /** Used without asking. */
  spent: number
  /** A person waits for it. */
  person: boolean
  note: Note | null
}

const answerSchema = z.object({
  granted: z.number(),
  window: z.number(),
  /** Seconds until the permits end with their window. */
  lasts: z.number(),
  /** Seconds until it makes sense to ask again, without any. */
  wait: z.number(),
  calls: z.number().nullable(),
})
export type Answer = z.infer<typeof answerSchema>

/** `answers`: one for each ask, in order. `scarce`: the keys of buckets that nobody may take of without asking; null: too many to say. */
const takenSchema = z.object({ answers: z.array(answerSchema), scarce: z.array(z.string()).nullable() })
export type Taken = z.infer<typeof takenSchema>

/** What all processes share. */
export interface PermitStore {
  /** @throws when the database is away */
  take: (asks: readonly Ask[]) => Promise<Taken>
  /** @throws the same */
  note: (notes: readonly Pick<Ask, 'key' | 'calls' | 'seconds' | 'note'>[]) => Promise<void>
}

/** Milliseconds: a database that takes longer is as good as away. A call to a provider waits for it. */
const PATIENCE_MS = 2_000

export function permitStore(client: () => Client): PermitStore {
  return {
    take: async asks => takenSchema.parse(unwrap(await askAgain(() =>
      client().rpc('take_permits', { p_asks: [...asks] }).abortSignal(AbortSignal.timeout(PATIENCE_MS))))),
    note: async (notes) => {
      unwrap(await askAgain(() => client().rpc('note_rates', { p_notes: [...notes] }).abortSignal(AbortSignal.timeout(PATIENCE_MS))))
    },
  }
}
