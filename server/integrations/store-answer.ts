import { auditRow, type AuditAction } from '#server/audit'
import type { TokenSet } from '#server/connectors/contract'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import type { DataKey } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { countRefresh } from '#server/utils/metrics'
import type { Begun } from './begun'
import { endOrphan } from './orphan'
import { untilWritten } from './patience'
import { Overtaken } from './refresh-errors'
import { slotsOf, type IntegrationRow } from './row'
import { MAIN_SLOT, nextRefresh } from './token-config'
import { keyForEncrypting, sealTokens } from './vault'

type Fields = Record<string, unknown>

export interface Answer {
  tokens: TokenSet
  /** The answer as fields of `config`, in the clear. */
  renewed: Fields
  /** The row's config before it, in the clear. */
  plain: Fields
  at: Date
}

/** A key of the organization's may be gone when the answer comes; not again and again. */
const KEYS = 3

/**
 * Puts the answer in place of the old credentials.
 * @param key the one whose use was counted when the refresh was begun
 * @throws Overtaken when the row is a newer grant's, or gone; what the database fails with, when that lasts
 */
export async function storeAnswer(begun: Begun, answer: Answer, key: DataKey): Promise<void> {
  const { row, owner, slot } = begun
  const next = nextRefresh({ ...answer.plain, ...answer.renewed }, slotsOf(row), answer.at)
  const fields = { ...secretsOf(row, answer.plain), ...answer.renewed }
  for (let keys = 0; keys < KEYS; keys++) {
    // Sealed once for each key: what is tried again is the writing.
    const current = keys === 0 ? key : await untilWritten(row.id, 'a renewed credential', () => keyForEncrypting(row.organizationId, row.connector.secrets.length))
    const config = sealTokens(fields, { ...row, version: row.version + 1 }, row.connector, current)
    const outcome = await untilWritten(row.id, 'a renewed credential', async () => unwrap(await askAgain(() => serviceClient().rpc('finish_refresh', {
      p_id: row.id, p_owner: owner, p_journal_id: begun.journalId as string, p_version: row.version,
      p_config: config as Json, p_refresh_due_at: next.dueAt, p_refresh_slot: next.slot,
      p_audit: entryOf(row, 'credential.refreshed', slot === MAIN_SLOT ? {} : { slot }),
    }))))
    if (outcome === 'key_gone') continue
    countRefresh(row.connector.id, outcome === 'stored' ? 'refreshed' : 'lost')
    if (outcome === 'stored') return
    log.warn('a credential was renewed that nobody needs any more', { integration_id: row.id, outcome })
    if (outcome === 'gone') await endOrphan(row, answer.tokens)
    throw new Overtaken()
  }
  throw new Error('The organization\'s keys go faster than a credential can be stored')
}

/** Every secret of the row is sealed anew, because all are bound to its version. */
function secretsOf(row: IntegrationRow, plain: Fields): Fields {
  return Object.fromEntries(row.connector.secrets.filter(field => plain[field] !== undefined).map(field => [field, plain[field]]))
}

/** An entry of the log about a refresh. */
export function entryOf(row: Pick<IntegrationRow, 'id'>, action: AuditAction, detail: Record<string, string>): Json {
  return auditRow({ actor: { type: 'system', id: null, email: null }, action, target: { type: 'integration', id: row.id }, detail })
}
