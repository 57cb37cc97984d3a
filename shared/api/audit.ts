/** The log and the receipts. */
import type { RevocationOutcome } from '../vocabulary'
import type { Evidence } from './common'

export interface AuditEntry {
  id: string
  seq: number
  action: string
  actor: { type: 'user' | 'worker' | 'system', id: string | null, email: string | null }
  target: { type: string, id: string } | null
  detail: Evidence | null
  ip: string | null
  request_id: string | null
  created_at: string
}

export interface AuditVerdict {
  ok: boolean
  checked: number
  head: { seq: number, hash: string }
  since: string | null
  first_fault: { kind: 'altered' | 'removed' | 'reordered' | 'inserted', seq: number, id: string | null, sentence: string } | null
  verified_at: string
}

export interface ReceiptToken {
  slot: string
  token: 'access_token' | 'refresh_token'
  outcome: RevocationOutcome
  attempts: number
  at: string
  reason?: string
  manual_url?: string
}

/** What became of a removed integration: as listed. */
export interface Receipt {
  id: string
  integration: { id: string, type: string, name: string, account: { id: string, name: string }, connected_at: string, sandbox: boolean }
  actor: { type: 'user', id: string, email: string }
  tokens: ReceiptToken[]
  deleted: Record<'credentials' | 'resources' | 'assessments' | 'results' | 'findings', number> & { at: string }
  created_at?: string
}

/** The signed document. Kept as it came: what checks it reads every field. */
export interface SignedReceipt extends Receipt {
  digests: Record<string, string>
  signature: { alg: 'Ed25519', kid: string, value: string }
}
