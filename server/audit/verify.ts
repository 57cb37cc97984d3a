/** Whether the log is what was written: the database goes over the chain, and the first break is put into a sentence. */
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

function isKind(text: string): text is ChainFault['kind'] {
  return Object.hasOwn(sentences, text)
}

/** Entries a call: the embedded database does nothing else meanwhile. */
const PAGE = 10_000

/**
 * Goes over the whole chain under the caller's rights, and notes afterwards that it did: the note is an entry after those
 * that were checked.
 */
export async function verifyAudit(caller: Caller, from: RequestInfo): Promise<ChainVerdict> {
  const verdict = await goOver(caller)
  const { ok, checked, head, first_fault } = verdict
  await noteAudit({
    organizationId: caller.organizationId, actor: byUser(caller), action: 'audit.verified', from,
    detail: { ok, checked, last_entry: head.seq, last_hash: head.hash, ...(first_fault && { fault: first_fault.kind, fault_entry: first_fault.seq }) },
  })
  return verdict
}

async function goOver(caller: Caller): Promise<ChainVerdict> {
  let checked = 0
  let since: string | null = null
  for (let after = 0; ;) {
    const [page] = unwrap(await caller.client.rpc('verify_audit_chain', { p_organization_id: caller.organizationId, p_after_seq: after, p_limit: PAGE }))
    const verified_at = new Date().toISOString()
    if (!page) throw new AppError('forbidden', 'Only owners and admins verify the log.')
    checked += page.checked
    since ??= page.first_at && isoTime(page.first_at)
    const { fault_kind: kind, fault_seq: seq, head_seq, head_hash } = page
    if (kind || page.complete) {
      const first_fault = kind ? faultOf(kind, seq, page.fault_id) : null
      return { ok: !first_fault, checked, head: { seq: head_seq, hash: head_hash }, since, first_fault, verified_at }
    }
    after = page.last_seq
  }
}

function faultOf(kind: string, seq: number, id: string | null): ChainFault {
  if (!isKind(kind)) throw new Error(`The database names a kind of fault that is not known here: ${kind}`)
  return { kind, seq, id, sentence: sentences[kind](seq) }
}
