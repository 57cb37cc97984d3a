/**
 * Whoever removes an integration takes its refresh lease first: a refresh that is under way comes to its end, so that the
 * newest pair is revoked, and none begins meanwhile.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { log } from '#server/utils/log'

/** Seconds: longer than all attempts to revoke. A process that dies gives it back by the database's clock. */
const LEASE_SECONDS = 60
/** Milliseconds: longer than a refresh whose process lives takes. */
const PATIENCE_MS = 35_000
const POLL_MS = 100

export interface RemovalLease {
  /**
   * Takes it, or lengthens it.
   * @returns the row's version, and whether the lease is ours: not when its holder hangs for longer than the patience
   * @throws AppError not_found (removed, or the actor may not)
   */
  take: () => Promise<{ version: number, held: boolean }>
  /** Never rejects. */
  release: () => Promise<void>
}

/** @param options.deadline where several removals share a bound */
export function removalLease(actor: Caller, id: string, options: { deadline?: number, now?: () => number, sleep?: (milliseconds: number) => Promise<unknown> } = {}): RemovalLease {
  const { now = Date.now, sleep = wait } = options
  const owner = randomUUID()
  const until = Math.min(options.deadline ?? Infinity, now() + PATIENCE_MS)
  return {
    take: async () => {
      for (;;) {
        const [row] = unwrap(await serviceClient().rpc('begin_removal', {
          p_id: id, p_organization_id: actor.organizationId, p_actor: actor.userId, p_owner: owner, p_seconds: LEASE_SECONDS,
        }))
        if (!row) throw new AppError('not_found')
        if (row.outcome === 'taken' || now() >= until) return { version: row.version, held: row.outcome === 'taken' }
        await sleep(POLL_MS)
      }
    },
    release: async () => {
      const { error } = await serviceClient().rpc('release_removal', { p_id: id, p_owner: owner })
      if (error) log.warn('the lease of a removal could not be given back: it ends by itself', { integration_id: id, error })
    },
  }
}
