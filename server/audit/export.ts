/**
 * The log as a file that proves itself without this installation (format.ts). An export is an entry of the log, and as it is
 * written first, it stands in the file: the log ends with the note of who took this copy of it.
 */
import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { sign } from '#server/utils/signing'
import { ENTRY_END, entryPrefix, footerLine, GENESIS, headerLine, sha256, signedText } from './format.ts'
import { byUser, recordAudit, type RequestInfo } from './index'

/** So many entries are in memory at once; no more than a hosted Supabase gives in one answer. */
const PAGE = 500

interface Exported { seq: number, prev_hash: string, hash: string, entry: string }

async function* entriesFrom(caller: Caller, fromSeq: number, headSeq: number): AsyncGenerator<Exported> {
  for (let after = fromSeq - 1; after < headSeq;) {
    const page = unwrap(await caller.client.rpc('export_audit_entries', { p_organization_id: caller.organizationId, p_after_seq: after, p_limit: PAGE }))
    for (const entry of page) if (entry.seq <= headSeq) yield entry
    // Entries that are missing are for who reads the file to find: they show as a gap before the signed end.
    after = page.at(-1)?.seq ?? headSeq
  }
}

/** Where the log ends now, in the words of the head, which only the database itself writes. */
async function auditHead(caller: Caller): Promise<{ seq: number, hash: string }> {
  const { data: head, error } = await caller.client.from('audit_heads').select('seq, hash').eq('organization_id', caller.organizationId).maybeSingle()
  if (error) throw new AppError('internal', undefined, { cause: error })
  return head ?? { seq: 0, hash: GENESIS }
}

/**
 * The lines of an export, each with its line feed. Nothing is yielded before the log says that it was asked for.
 * @param options.issuer where this installation publishes its keys
 * @throws AppError invalid_request, or when that could not be written down; later, when the database goes away: a file without a footer is cut
 */
export async function exportAudit(caller: Caller, options: { fromSeq: number, issuer: string, from: RequestInfo }): Promise<AsyncGenerator<string>> {
  const { seq } = await auditHead(caller)
  // One more than there is, since its own entry is about to be.
  if (options.fromSeq > seq + 1) throw new AppError('invalid_request', `The log ends with entry ${seq}.`, { errors: [{ field: 'from_seq', message: 'is after the end of the log' }] })
  await recordAudit({ organizationId: caller.organizationId, actor: byUser(caller), action: 'audit.exported', detail: { from_entry: options.fromSeq }, from: options.from })
  return lines(caller, options.issuer, options.fromSeq, await auditHead(caller))
}

async function* lines(caller: Caller, issuer: string, fromSeq: number, head: { seq: number, hash: string }): AsyncGenerator<string> {
  const entries = entriesFrom(caller, fromSeq, head.seq)
  const first = await entries.next()
  const prev_hash = fromSeq === 1 || first.done ? GENESIS : first.value.prev_hash
  const header = headerLine({ organization_id: caller.organizationId, issuer, from_seq: fromSeq, prev_hash, exported_at: new Date().toISOString() })
  yield `${header}\n`
  let count = 0
  for (let entry = first; !entry.done; entry = await entries.next()) {
    count++
    yield `${entryPrefix(entry.value.hash)}${entry.value.entry}${ENTRY_END}\n`
  }
  const footer = { header_hash: sha256(header), count, head_seq: head.seq, head_hash: head.hash }
  yield `${footerLine({ ...footer, ...sign(signedText(footer)) })}\n`
}
