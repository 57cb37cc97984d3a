/**
 * Connections that wait for a person's word. A reconnect that comes back with another account changes nothing: its grant
 * is kept here, encrypted, for ten minutes. Only the person who made it may answer, as an admin of that organization.
 * How it ends without an answer: pending-end.ts.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { auditRow, byUser, type AuditActor, type RequestInfo } from '#server/audit'
import type { Connector } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { askAgain } from '#server/database/ask-again'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json, Tables } from '#server/database/types'
import { AppError } from '#server/errors'
import { countCredentialUse } from '#server/utils/metrics'
import { openGrantFields } from './credentials'
import { grantFieldsSchema, type Grant, type GrantFields } from './grant'
import { wrappedKeys } from './row'
import { contextOf, keyForEncrypting, sealTokens } from './vault'

/** Without its tokens, which only `openPending` reads. */
export type PendingRow = Omit<Tables<'pending_connections'>, 'config'>
export const pendingColumns = 'id, organization_id, user_id, integration_type, sandbox, wanted_integration_id, external_account_id, external_account_name, resources, created_at, expires_at, closed_at'

/** They never change while they wait. */
const VERSION = 1

const resourcesSchema = z.array(z.object({ kind: z.string(), external_id: z.string(), name: z.string(), metadata: z.record(z.string(), z.json()).default({}) }))
const takenSchema = z.object({ config: grantFieldsSchema, keys: wrappedKeys })

async function sealPending(connector: Connector, fields: GrantFields, id: string, organizationId: string): Promise<Json> {
  const key = await keyForEncrypting(organizationId, connector.secrets.length)
  return sealTokens(fields, { id, organizationId, version: VERSION }, connector, key) as Json
}

/**
 * Its tokens, after an audit entry says what for: no entry, no credential.
 * @throws AppError not_found (answered meanwhile), audit_unavailable; EncryptionError, ZodError
 */
export async function openPending(connector: Connector, row: PendingRow, use: { purpose: string, actor: AuditActor, from?: RequestInfo }): Promise<GrantFields> {
  const taken = unwrap(await serviceClient().rpc('take_connection', {
    p_id: row.id,
    p_audit: auditRow({
      actor: use.actor, action: 'credential.used', target: { type: 'connection', id: row.id }, from: use.from,
      detail: { purpose: use.purpose, integration_type: row.integration_type, account: row.external_account_id },
    }),
  }))
  if (taken === null) throw new AppError('not_found')
  countCredentialUse(use.purpose)
  const { config, keys } = takenSchema.parse(taken)
  const context = await contextOf({ id: row.id, organizationId: row.organization_id, version: VERSION, keys, config, connector })
  return openGrantFields(config as Json, context, connector.secrets)
}

/**
 * Keeps a grant until its person has answered.
 * @returns the id under which they are asked
 * @throws AppError access_ended: all access of that account was ended at the same moment; audit_unavailable
 */
export async function holdConnection(
  connector: Connector, who: { userId: string, email: string, organizationId: string }, wantedId: string, grant: Grant, from: RequestInfo,
): Promise<string> {
  const id = randomUUID()
  const held = {
    p_connection: {
      id, organization_id: who.organizationId, user_id: who.userId, integration_type: connector.id, sandbox: grant.inSandbox,
      wanted_integration_id: wantedId, external_account_id: grant.account.id, external_account_name: grant.account.name,
      config: await sealPending(connector, grant.fields, id, who.organizationId), resources: grant.resources,
    },
    p_since: grant.since,
    p_audit: auditRow({
      actor: byUser(who), action: 'connection.held', target: { type: 'integration', id: wantedId }, from,
      detail: { integration_type: connector.id, account: grant.account.id, connection_id: id },
    }),
  }
  unwrap(await askAgain(() => serviceClient().rpc('hold_connection', held)))
  return id
}

/**
 * @throws AppError not_found (unknown, answered, another person's, another organization's: all alike), connection_expired
 */
export async function readPending(actor: Caller, id: string): Promise<PendingRow> {
  const row = unwrap(await serviceClient().from('pending_connections').select(pendingColumns)
    .eq('id', id).eq('organization_id', actor.organizationId).eq('user_id', actor.userId).is('closed_at', null).maybeSingle())
  if (!row) throw new AppError('not_found')
  if (Date.parse(row.expires_at) <= Date.now()) throw new AppError('connection_expired')
  return row
}

/** The grant as it came, to be stored after all. @throws AppError not_found, audit_unavailable; EncryptionError */
export async function grantOf(row: PendingRow, actor: AuditActor, from: RequestInfo): Promise<{ connector: Connector, grant: Grant }> {
  const connector = findConnector(row.integration_type)
  if (!connector) throw new AppError('not_found')
  return {
    connector,
    grant: {
      account: { id: row.external_account_id, name: row.external_account_name },
      resources: resourcesSchema.parse(row.resources),
      inSandbox: row.sandbox,
      fields: await openPending(connector, row, { purpose: 'confirm', actor, from }),
      // While it waits, nobody ends what it rests on.
      since: row.created_at,
    },
  }
}
