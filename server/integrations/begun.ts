import { z } from 'zod'
import { toRow, type IntegrationRow } from './row'

/** What `begin_refresh` and `lease_due_refreshes` answer with. */
const begunSchema = z.object({
  outcome: z.enum(['mine', 'newer', 'failed', 'busy']),
  row: z.unknown(),
  journal_id: z.string().nullish().default(null),
  uncertain: z.number().default(0),
  maybe_spent: z.boolean().default(false),
  reserved: z.boolean().default(false),
})

/** A refresh whose lease is ours. */
export interface Begun {
  owner: string
  slot: string
  row: IntegrationRow
  /** Null: there is nothing to redeem. */
  journalId: string | null
  /** Attempts with this refresh token whose process ended without a result. */
  uncertain: number
  /** Whether an attempt failed in a way in which the provider may have taken the refresh token. */
  maybeSpent: boolean
  /** The current key's use is counted. False: the organization has no key yet, or a used up one. */
  reserved: boolean
}

export function toBegun(json: unknown, owner: string, slot?: string): Begun & { outcome: z.infer<typeof begunSchema>['outcome'] } {
  const { outcome, row: rowJson, journal_id: journalId, uncertain, maybe_spent: maybeSpent, reserved } = begunSchema.parse(json)
  const row = toRow(rowJson)
  return { outcome, owner, slot: slot ?? row.refreshSlot, row, journalId, uncertain, maybeSpent, reserved }
}
