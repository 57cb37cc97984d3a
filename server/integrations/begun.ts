/** A refresh whose lease is ours: how it was begun, and its steps until the request goes out. */
import { z } from 'zod'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { toRow, type IntegrationRow } from './row'

/** Seconds, until the request goes out: opening the token, and the wait for a turn at the provider. */
export const LEASE_SECONDS = 90
/** Seconds, from then on: the call (30 s), and the patience with a database that does not take its answer (120 s). */
export const SENT_LEASE_SECONDS = 180

/** What `begin_refresh` and `lease_due_refreshes` answer with. */
const begunSchema = z.object({
  outcome: z.enum(['mine', 'newer', 'failed', 'busy']),
  row: z.unknown(),
  journal_id: z.string().nullish().default(null),
  uncertain: z.number().default(0),
  maybe_spent: z.boolean().default(false),
  reserved: z.boolean().default(false),
})

export interface Begun {
  owner: string
  slot: string
  row: IntegrationRow
  /** Null: there is nothing to redeem. */
  journalId: string | null
  /** Attempts with this refresh token whose process ended without a result, since the last failure that was noted. */
  uncertain: number
  /** Whether an attempt ended in a way in which the provider may have taken the refresh token. */
  maybeSpent: boolean
  /** The current key's use is counted. False: the organization has no key yet, or a used up one. */
  reserved: boolean
}

export function toBegun(json: unknown, owner: string, slot?: string): Begun & { outcome: z.infer<typeof begunSchema>['outcome'] } {
  const { outcome, row: rowJson, journal_id: journalId, uncertain, maybe_spent: maybeSpent, reserved } = begunSchema.parse(json)
  const row = toRow(rowJson)
  return { outcome, owner, slot: slot ?? row.refreshSlot, row, journalId, uncertain, maybeSpent, reserved }
}

/** The request goes out now. False: it must not, since the lease or the version is another's. */
export async function send({ row, owner, journalId }: Begun): Promise<boolean> {
  return unwrap(await askAgain(() => serviceClient().rpc('send_refresh', {
    p_id: row.id, p_owner: owner, p_journal_id: journalId as string, p_version: row.version, p_seconds: SENT_LEASE_SECONDS,
  })))
}

/** Nothing was sent: the lease and the journal row go. @param dueAt when to look again; default: as it was */
export async function release({ row, owner, journalId }: Pick<Begun, 'owner' | 'journalId'> & { row: { id: string } }, dueAt: Date | null = null): Promise<void> {
  unwrap(await askAgain(() => serviceClient().rpc('release_refresh', {
    p_id: row.id, p_owner: owner, p_journal_id: journalId as string, p_refresh_due_at: (dueAt?.toISOString() ?? null) as string,
  })))
}
