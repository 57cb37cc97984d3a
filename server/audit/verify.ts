/** Whether the log is what was written: the database goes over the chain, and the first break is put into a sentence. */
import { z } from 'zod'
import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { isoTime } from '#server/utils/time'
import { byUser, noteAudit, type RequestInfo } from './index'

export interface ChainFault { kind: 'altered' | 'removed' | 'reordered' | 'inserted', seq: number, id: string | null, sentence: string }

export interface ChainVerdict {
  ok: boolean
  /** How many entries were looked at: up to the break, when there is one. */
  checked: number
  head: { seq: number, hash: string }
  /** The time of the first entry. */
  since: string | null
  first_fault: ChainFault | null
  verified_at: string
}

const sentences: Record<ChainFault['kind'], (seq: number) => string> = {
  altered: seq => `Entry ${seq} is not what was written: its content does not fit its hash or the entries around it.`,
  removed: seq => `Entry ${seq} is missing: it was written, and is not there any more.`,
  reordered: seq => `Entry ${seq} stands in a place that is not its own: it was written as another number.`,
  inserted: seq => `Entry ${seq} was not written by the log: the chain has no place for it.`,
}

/** What a page says: two kinds more, which are altered or reordered according to what the rest of the log holds. */
const rawKinds = ['altered', 'removed', 'inserted', 'misfit', 'unchained'] as const
const faultSchema = z.object({ fault_kind: z.enum(rawKinds), fault_seq: z.number(), fault_id: z.string().nullable(), before_id: z.string().nullable() })
type RawFault = z.infer<typeof faultSchema>

/** Entries a call, and numbers a call: the embedded database does nothing else meanwhile, and no statement may take long. */
export interface Chunks { page: number, search: number }
const chunks: Chunks = { page: 2_000, search: 20_000 }

/**
 * Goes over the whole chain under the caller's rights, and notes afterwards that it did: the note is an entry after those
 * that were checked.
 */
export async function verifyAudit(caller: Caller, from: RequestInfo, sizes: Chunks = chunks): Promise<ChainVerdict> {
  const verdict = await goOver(caller, sizes)
  const { ok, checked, head, first_fault } = verdict
  await noteAudit({
    organizationId: caller.organizationId, actor: byUser(caller), action: 'audit.verified', from,
    detail: { ok, checked, last_entry: head.seq, last_hash: head.hash, ...(first_fault && { fault: first_fault.kind, fault_entry: first_fault.seq }) },
  })
  return verdict
}

async function goOver(caller: Caller, sizes: Chunks): Promise<ChainVerdict> {
  let checked = 0
  let since: string | null = null
  for (let after = 0; ;) {
    const [page] = unwrap(await caller.client.rpc('verify_audit_chain', { p_organization_id: caller.organizationId, p_after_seq: after, p_limit: sizes.page }))
    const verified_at = new Date().toISOString()
    if (!page) throw new AppError('forbidden', 'Only owners and admins verify the log.')
    checked += page.checked
    since ??= page.first_at && isoTime(page.first_at)
    const { fault_kind: kind, head_seq, head_hash } = page
    if (kind || page.complete) {
      const first_fault = kind ? await nameFault(caller, faultSchema.parse(page), sizes) : null
      return { ok: !first_fault, checked, head: { seq: head_seq, hash: head_hash }, since, first_fault, verified_at }
    }
    after = page.last_seq
  }
}

async function nameFault(caller: Caller, { fault_kind: raw, fault_seq: seq, fault_id: id, before_id }: RawFault, sizes: Chunks): Promise<ChainFault> {
  if (raw !== 'misfit' && raw !== 'unchained') return fault(raw, seq, id)
  if (id !== null && await isElsewhere(caller, id, sizes)) return fault('reordered', seq, id)
  // Whole, and written after another entry than the one that now stands before it: that one is the fault.
  return raw === 'unchained' && before_id !== null ? fault('altered', seq - 1, before_id) : fault('altered', seq, id)
}

/** Whether the entry has its place under another number. */
async function isElsewhere(caller: Caller, id: string, { search }: Chunks): Promise<boolean> {
  for (let after = 0; ; after += search) {
    const found: boolean | null = unwrap(await caller.client.rpc('find_audit_entry', { p_organization_id: caller.organizationId, p_entry_id: id, p_after_seq: after, p_limit: search }))
    if (found !== false) return found === true
  }
}

function fault(kind: ChainFault['kind'], seq: number, id: string | null): ChainFault {
  return { kind, seq, id, sentence: sentences[kind](seq) }
}
