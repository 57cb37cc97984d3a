/**
 * Connections that wait for a person's word. A reconnect that comes back with another account changes nothing: its grant
 * is kept here, encrypted, for ten minutes. Only the person who made it may answer, as an admin of that organization.
 *
 * Whoever ends one marks it closed first, so that nobody confirms what is being revoked; the row goes when the grant is
 * gone. What a crash or a provider that is away leaves behind, `retention:prune` finishes.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { byUser, noteAudit, type AuditActor, type RequestInfo } from '#server/audit'
import type { Connector } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json, Tables } from '#server/database/types'
import { AppError } from '#server/errors'
import { revokeGrant, type Revocation } from '#server/oauth/revoke'
import { log } from '#server/utils/log'
import { clientFor } from './client'
import { openGrantFields } from './credentials'
import { grantFieldsSchema, type Grant, type GrantFields } from './grant'
import { wrappedKeys } from './row'
import { contextOf, keyForEncrypting, sealTokens } from './vault'

export type PendingRow = Tables<'pending_connections'>
/** `kept`: another integration rests on the same account, and some providers end every grant of an account at once. */
export type Ending = Revocation | 'kept' | 'failed'

/** A grant that can't be ended is tried again for as long after it has expired. */
const GIVE_UP_MS = 24 * 3600 * 1000
/** They never change while they wait. */
const VERSION = 1
const system: AuditActor = { type: 'system', id: null, email: null }

const resourcesSchema = z.array(z.object({ kind: z.string(), external_id: z.string(), name: z.string(), metadata: z.record(z.string(), z.json()).default({}) }))

async function sealPending(connector: Connector, fields: GrantFields, id: string, organizationId: string): Promise<Json> {
  const key = await keyForEncrypting(organizationId, connector.secrets.length)
  return sealTokens(fields, { id, organizationId, version: VERSION }, connector, key) as Json
}

async function openPending(connector: Connector, row: PendingRow): Promise<GrantFields> {
  const keys = wrappedKeys.parse(unwrap(await serviceClient().rpc('organization_wraps', { p_organization_id: row.organization_id })))
  const context = await contextOf({ id: row.id, organizationId: row.organization_id, version: VERSION, keys, config: grantFieldsSchema.parse(row.config), connector })
  return openGrantFields(row.config, context, connector.secrets)
}

/** Keeps a grant until its person has answered. @returns the id under which they are asked */
export async function holdConnection(
  connector: Connector, who: { userId: string, email: string, organizationId: string }, wantedId: string, grant: Grant, from: RequestInfo,
): Promise<string> {
  const id = randomUUID()
  unwrap(await serviceClient().from('pending_connections').insert({
    id, organization_id: who.organizationId, user_id: who.userId, integration_type: connector.id, sandbox: grant.inSandbox,
    wanted_integration_id: wantedId, external_account_id: grant.account.id, external_account_name: grant.account.name,
    config: await sealPending(connector, grant.fields, id, who.organizationId), resources: grant.resources,
  }))
  await noteAudit({
    organizationId: who.organizationId, actor: byUser(who), action: 'connection.held', target: { type: 'integration', id: wantedId },
    detail: { integration_type: connector.id, account: grant.account.id, connection_id: id }, from,
  })
  return id
}

/**
 * @throws AppError not_found (unknown, answered, another person's, another organization's: all alike), connection_expired
 */
export async function readPending(actor: Caller, id: string): Promise<PendingRow> {
  const row = unwrap(await serviceClient().from('pending_connections').select('*')
    .eq('id', id).eq('organization_id', actor.organizationId).eq('user_id', actor.userId).is('closed_at', null).maybeSingle())
  if (!row) throw new AppError('not_found')
  if (Date.parse(row.expires_at) <= Date.now()) throw new AppError('connection_expired')
  return row
}

/** The grant as it came, to be stored after all. @throws AppError not_found, EncryptionError */
export async function grantOf(row: PendingRow): Promise<{ connector: Connector, grant: Grant }> {
  const connector = findConnector(row.integration_type)
  if (!connector) throw new AppError('not_found')
  return {
    connector,
    grant: {
      account: { id: row.external_account_id, name: row.external_account_name },
      resources: resourcesSchema.parse(row.resources),
      inSandbox: row.sandbox,
      fields: await openPending(connector, row),
    },
  }
}

/** The person does not want it. A provider that does not play along is asked again later. @throws AppError not_found */
export async function cancelConnection(actor: Caller, id: string, from: RequestInfo): Promise<void> {
  const [row] = unwrap(await serviceClient().from('pending_connections').update({ closed_at: new Date().toISOString() })
    .eq('id', id).eq('organization_id', actor.organizationId).eq('user_id', actor.userId).is('closed_at', null).select('*'))
  if (!row) throw new AppError('not_found')
  const ending = await endGrant(row)
  if (ending !== 'failed') await forget(row)
  await noteEnd(row, 'cancelled', ending, byUser(actor), from)
}

/**
 * Ends what nobody answered, and what could not be ended when it was cancelled.
 * @returns how many are gone
 */
export async function pruneConnections(now = new Date()): Promise<number> {
  const service = serviceClient()
  unwrap(await service.from('pending_connections').update({ closed_at: now.toISOString() })
    .lt('expires_at', now.toISOString()).is('closed_at', null).select('id'))
  const closed = unwrap(await service.from('pending_connections').select('*').not('closed_at', 'is', null).order('expires_at').limit(200))
  return endAll(closed, 'expired', row => now.getTime() - Date.parse(row.expires_at) >= GIVE_UP_MS)
}

/** Before an organization is deleted, with which its waiting connections go: their grants would stay at the provider. */
export async function endConnections(organizationId: string): Promise<number> {
  const closed = unwrap(await serviceClient().from('pending_connections').update({ closed_at: new Date().toISOString() })
    .eq('organization_id', organizationId).select('*'))
  return endAll(closed, 'organization_deleted', () => true)
}

/** @param last whether this was the last try: the row goes even when the grant could not be ended */
async function endAll(rows: readonly PendingRow[], reason: string, last: (row: PendingRow) => boolean): Promise<number> {
  let gone = 0
  for (const row of rows) {
    const ending = await endGrant(row)
    if ((ending === 'failed' && !last(row)) || !await forget(row)) continue
    gone++
    await noteEnd(row, reason, ending, system)
  }
  return gone
}

/** False: somebody else did. */
async function forget(row: PendingRow): Promise<boolean> {
  return unwrap(await serviceClient().from('pending_connections').delete().eq('id', row.id).select('id')).length > 0
}

async function endGrant(row: PendingRow): Promise<Ending> {
  try {
    const resting = unwrap(await serviceClient().from('integrations').select('id').eq('integration_type', row.integration_type)
      .eq('external_account_id', row.external_account_id).eq('sandbox', row.sandbox).limit(1))
    if (resting.length > 0) return 'kept'
    const connector = findConnector(row.integration_type)
    if (!connector) return 'not_supported'
    const { access_token, refresh_token } = await openPending(connector, row)
    return await revokeGrant(clientFor(connector, row.sandbox), { accessToken: access_token, refreshToken: refresh_token ?? undefined })
  }
  catch (error) {
    log.warn('the grant of a connection that was not confirmed could not be ended', { connection_id: row.id, error })
    return 'failed'
  }
}

function noteEnd(row: PendingRow, reason: string, revocation: Ending, actor: AuditActor, from?: RequestInfo): Promise<void> {
  return noteAudit({
    organizationId: row.organization_id, actor, action: 'connection.ended',
    target: row.wanted_integration_id ? { type: 'integration', id: row.wanted_integration_id } : undefined,
    detail: { integration_type: row.integration_type, account: row.external_account_id, connection_id: row.id, reason, revocation }, from,
  })
}
