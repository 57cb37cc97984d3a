/** What can't be written into the audit log does not happen: every deed, with a log that refuses its entry. */
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { acceptInvitation, invite, listInvitations, withdrawInvitation } from '#server/accounts/invitations'
import { changeMember, setRole } from '#server/accounts/members'
import { createOrganization } from '#server/accounts/organizations'
import type { Actor } from '#server/accounts/session'
import { recordAudit } from '#server/audit'
import type { Caller } from '#server/database/caller'
import { makeCalendar, revokeCalendar } from '#server/integrations/calendar'
import { changeIntegration } from '#server/integrations/change'
import { confirmConnection } from '#server/integrations/confirm'
import { deleteOrganization } from '#server/integrations/delete-organization'
import { cancelConnection, endConnections } from '#server/integrations/pending-end'
import { removeIntegration } from '#server/integrations/remove'
import { pruneKeys } from '#server/integrations/retention'
import { rotateDataKeys, rotateKek } from '#server/integrations/rotate'
import { changeResource, changeResources } from '#server/integrations/view'
import { requestScan } from '#server/scanner/request'
import { runAssessment } from '#server/scanner/run'
import { forgetDataKeys } from '#server/utils/data-key'
import { useEncryptionKeys } from '#server/utils/encryption'
import { toProblem } from '#server/utils/problem'
import { signInAs } from '../support/account.ts'
import { newEncryptionKey } from '../support/backend.ts'
import { production, resourceId } from '../support/findings.ts'
import { refusableEntries, type RefusedEntries } from '../support/refused-entries.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
let entries: RefusedEntries
beforeAll(async () => {
  rooms = await openRooms()
  entries = await refusableEntries(rooms.sql)
})
afterAll(() => rooms?.close())
afterEach(async () => {
  await entries.accept()
  rooms.provider.clearFaults()
})

const actorOf = (who: Caller): Actor => ({ ...who, accessToken: '', role: 'owner' })
const refused = { name: 'AppError', code: 'audit_unavailable' }
const clear = (error: unknown) => expect(toProblem(error)).toMatchObject({ status: 503, body: { code: 'audit_unavailable', title: 'The audit log could not be written, so this was not done' } })

/** Every row that a deed could change, but for clocks and leases. */
async function everything(): Promise<string> {
  const tables = ['organizations', 'user_organizations', 'invitations', 'integrations', 'integration_resources', 'assessments', 'assessment_results', 'findings', 'calendar_feeds', 'pending_connections', 'disconnect_receipts']
  const rows = await Promise.all(tables.map(table => rooms.sql(`select to_jsonb(t) - 'updated_at' - 'lease_until' - 'lease_owner' as row from public.${table} t order by 1`)))
  return JSON.stringify(rows)
}

async function connected() {
  const who = await rooms.person()
  return { who, id: await rooms.connect(who) }
}

async function colleagueOf(who: Caller): Promise<Caller> {
  const other = await rooms.person()
  await rooms.sql(`insert into public.user_organizations (user_id, organization_id, role) values ($1, $2, 'member')`, [other.userId, who.organizationId])
  return other
}

async function held(): Promise<{ who: Caller, id: string, pending: string }> {
  const { who, id } = await connected()
  signInAs(rooms.provider)
  const { pendingId = '' } = await rooms.arrive(who, id)
  rooms.provider.clearFaults()
  return { who, id, pending: pendingId }
}

type Prepared = { action: string, deed: () => Promise<unknown> }
const deeds: Record<string, () => Promise<Prepared>> = {
  'making an organization': async () => {
    const who = actorOf(await rooms.person())
    return { action: 'organization.created', deed: () => createOrganization(who, 'Another', from) }
  },
  'changing a role': async () => {
    const who = await rooms.person()
    const { userId } = await colleagueOf(who)
    return { action: 'member.changed', deed: () => setRole(actorOf(who), userId, 'admin', from) }
  },
  'putting a member out': async () => {
    const who = await rooms.person()
    const { userId } = await colleagueOf(who)
    return { action: 'member.removed', deed: () => changeMember(actorOf(who), userId, null, from) }
  },
  'inviting': async () => {
    const who = actorOf(await rooms.person())
    return { action: 'invitation.created', deed: () => invite(who, { email: 'new@example.com', role: 'member' }, from) }
  },
  'withdrawing an invitation': async () => {
    const who = actorOf(await rooms.person())
    const { id } = await invite(who, { email: 'new@example.com', role: 'member' }, from)
    return { action: 'invitation.withdrawn', deed: () => withdrawInvitation(who, id, from) }
  },
  'accepting an invitation': async () => {
    const [who, guest] = [actorOf(await rooms.person()), await rooms.person()]
    const { url } = await invite(who, { email: guest.email, role: 'admin' }, from)
    return { action: 'invitation.accepted', deed: () => acceptInvitation(guest, new URL(url).hash.slice(1), from) }
  },
  'changing an integration': async () => {
    const { who, id } = await connected()
    return { action: 'integration.changed', deed: () => changeIntegration(who, id, { status: 'paused', name: 'Ours' }, from) }
  },
  'switching a resource off': async () => {
    const { who, id } = await connected()
    const resource = await resourceId(who, id, production)
    return { action: 'resource.changed', deed: () => changeResource(who, id, resource, false, from) }
  },
  'switching many resources off': async () => {
    const { who, id } = await connected()
    return { action: 'resources.changed', deed: () => changeResources(who, id, { q: 'brightwater', enabled: false }, from) }
  },
  'asking for a scan': async () => {
    const { who, id } = await connected()
    await rooms.scan(who, id)
    return { action: 'scan.requested', deed: () => requestScan(who, id, from) }
  },
  'making a calendar': async () => {
    const who = await rooms.person()
    return { action: 'calendar.created', deed: () => makeCalendar(who, from) }
  },
  'replacing a calendar': async () => {
    const who = await rooms.person()
    await makeCalendar(who, from)
    return { action: 'calendar.created', deed: () => makeCalendar(who, from) }
  },
  'revoking a calendar': async () => {
    const who = await rooms.person()
    await makeCalendar(who, from)
    return { action: 'calendar.revoked', deed: () => revokeCalendar(who, from) }
  },
  'connecting': async () => {
    const who = await rooms.person()
    return { action: 'integration.connected', deed: () => rooms.connect(who) }
  },
  'reconnecting': async () => {
    const { who, id } = await connected()
    return { action: 'integration.reconnected', deed: () => rooms.connect(who, id) }
  },
  'keeping a connection until somebody has answered': async () => {
    const { who, id } = await connected()
    signInAs(rooms.provider)
    return { action: 'connection.held', deed: () => rooms.arrive(who, id) }
  },
  'confirming a connection': async () => {
    const { who, pending } = await held()
    return { action: 'integration.connected', deed: () => confirmConnection(who, pending, from) }
  },
  'cancelling a connection': async () => {
    const { who, pending } = await held()
    return { action: 'connection.cancelled', deed: () => cancelConnection(who, pending, from) }
  },
  'removing an integration': async () => {
    const { who, id } = await connected()
    return { action: 'integration.removed', deed: () => removeIntegration(who, id, from) }
  },
  'deleting an organization': async () => {
    const who = await rooms.person()
    return { action: 'organization.deleted', deed: () => deleteOrganization(who, from) }
  },
}

describe.each(Object.entries(deeds))('%s', (_what, prepare) => {
  it('does not happen when its entry is refused, says why, and happens when it is not', async () => {
    const { action, deed } = await prepare()
    const before = await everything()
    await entries.refuse(action)
    const error: unknown = await deed().then(() => null, (failure: unknown) => failure)
    expect(error).toMatchObject(refused)
    clear(error)
    expect(await everything()).toBe(before)

    await entries.accept()
    const count = async () => Number((await rooms.sql<{ n: string }>('select count(*) as n from public.audit_log where action = $1', [action]))[0]?.n)
    const entriesBefore = await count()
    await deed()
    expect(await everything()).not.toBe(before)
    expect(await count()).toBeGreaterThan(entriesBefore)
  })
})

it('who did it is the database\'s own word; where from, the caller\'s', async () => {
  const who = await rooms.person()
  const told = { ip: '203.0.113.7', user_agent: 'x'.repeat(2_000), request_id: 'request-7' }
  const { error } = await who.client.rpc('create_invitation', { p_organization_id: who.organizationId, p_email: 'new@example.com', p_role: 'member', p_token_hash: createHash('sha256').update(who.email).digest('hex'), p_request: told })
  expect(error).toBeNull()
  const [entry] = await rooms.sql(`select actor_type, actor_id, actor_email, target_type, detail, ip, length(user_agent) as agent, request_id from public.audit_log where organization_id = $1 and action = 'invitation.created'`, [who.organizationId])
  expect(entry).toEqual({ actor_type: 'user', actor_id: who.userId, actor_email: who.email, target_type: 'invitation', detail: { email: 'new@example.com', role: 'member' }, ip: '203.0.113.7', agent: 300, request_id: 'request-7' })
})

it('nobody writes past the functions through the data API', async () => {
  const { who, id } = await connected()
  const token_hash = createHash('sha256').update(id).digest('hex')
  const { client, organizationId: organization_id } = who
  await invite(actorOf(who), { email: 'new@example.com', role: 'member' }, from)
  await makeCalendar(who, from)
  for (const attempt of [
    client.from('invitations').insert({ organization_id, email: 'x@example.com', role: 'admin', token_hash, invited_by: who.userId }),
    client.from('invitations').delete().eq('organization_id', organization_id),
    client.from('calendar_feeds').insert({ organization_id, created_by: who.userId, token_hash }),
    client.from('calendar_feeds').delete().eq('organization_id', organization_id),
    client.from('integration_resources').update({ enabled: false }).eq('integration_id', id),
    client.from('organizations').update({ name: 'Renamed' }).eq('id', organization_id),
  ]) expect((await attempt).error?.code).toBe('42501')
  expect((await listInvitations(actorOf(who), { limit: 10 })).data).toHaveLength(1)
})

describe('credentials', () => {
  it('of an integration that is to be removed are not opened: nothing is asked of the provider', async () => {
    const { who, id } = await connected()
    rooms.provider.calls.splice(0)
    await entries.refuse()
    await expect(removeIntegration(who, id, from)).rejects.toMatchObject(refused)
    expect(rooms.provider.calls).toEqual([])
    expect(await rooms.sql('select refresh_lease_owner from public.integrations where id = $1', [id])).toEqual([{ refresh_lease_owner: null }])
  })

  it('that wait for a word are opened for nobody, neither to be confirmed nor to be ended', async () => {
    const { who, pending } = await held()
    rooms.provider.calls.splice(0)
    const waiting = () => rooms.sql<{ id: string }>('select id from public.pending_connections where organization_id = $1', [who.organizationId])
    await entries.refuse('credential.used')
    await expect(confirmConnection(who, pending, from)).rejects.toMatchObject(refused)
    await expect(endConnections(who, from)).rejects.toMatchObject(refused)
    expect([rooms.provider.calls, await waiting()]).toEqual([[], [{ id: pending }]])
    await entries.accept()
    expect(await endConnections(who, from)).toBe(1)
    const used = await rooms.sql(`select actor_email, target_type, target_id, detail ->> 'purpose' as purpose from public.audit_log where organization_id = $1 and action = 'credential.used'`, [who.organizationId])
    expect(used).toEqual([{ actor_email: who.email, target_type: 'connection', target_id: pending, purpose: 'revoke' }])
  })

  it('are not re-encrypted under another key', async () => {
    const { who, id } = await connected()
    const read = () => rooms.sql('select i.config ->> \'access_token\' as token, k.key_id, k.wrapped, k.retired_at from public.integrations i join public.organization_keys k using (organization_id) where i.id = $1', [id])
    const before = await read()
    await entries.refuse('key.replaced')
    await expect(rotateDataKeys(() => {})).rejects.toMatchObject({ name: 'AppError' })
    expect(await read()).toEqual(before)
    await entries.accept()
    await entries.refuse('credential.used')
    await expect(rotateDataKeys(() => {})).rejects.toMatchObject({ name: 'AppError' })
    expect((await read()).map(row => row.token)).toEqual([before[0]?.token, before[0]?.token])
    await entries.accept()
    await rotateDataKeys(() => {})
    expect((await read())[0]?.token).not.toBe(before[0]?.token)
    const actions = await rooms.sql(`select action, detail ->> 'purpose' as purpose, detail -> 'integration_ids' as ids from public.audit_log where organization_id = $1 and action in ('key.replaced', 'credential.used') order by seq`, [who.organizationId])
    expect(actions).toEqual([{ action: 'key.replaced', purpose: null, ids: null }, { action: 'credential.used', purpose: 'rotate_keys', ids: [id] }])
  })

  it('keep their wraps, and their old keys', async () => {
    const { who } = await connected()
    const wraps = () => rooms.sql('select key_id, wrapped from public.organization_keys where organization_id = $1 order by created_at', [who.organizationId])
    const old = rooms.env.ENCRYPTION_KEY ?? ''
    await rotateDataKeys(() => {})
    await rooms.sql(`update public.organization_keys set retired_at = now() - interval '2 days' where organization_id = $1 and retired_at is not null`, [who.organizationId])
    const before = await wraps()
    await entries.refuse('key.dropped', 'key.rewrapped')
    await expect(pruneKeys()).rejects.toMatchObject(refused)
    try {
      useEncryptionKeys({ current: newEncryptionKey(), previous: [old] })
      forgetDataKeys()
      await expect(rotateKek(() => {})).rejects.toMatchObject(refused)
    }
    finally {
      useEncryptionKeys({ current: old })
      forgetDataKeys()
    }
    expect(await wraps()).toEqual(before)
    await entries.accept()
    expect(await pruneKeys()).toBeGreaterThan(0)
    expect(await wraps()).toHaveLength(1)
    expect(await rooms.sql(`select actor_type, detail from public.audit_log where organization_id = $1 and action = 'key.dropped'`, [who.organizationId]))
      .toEqual([{ actor_type: 'system', detail: { keys: [before[0]?.key_id] } }])
  })
})

describe('the end of a scan', () => {
  it.each(['scan.completed', 'scan.failed'])('%s: nothing of it shows', async (action) => {
    const { who, id } = await connected()
    if (action === 'scan.failed') await rooms.sql(`update public.integrations set config = config || '{"access_token": "00000000:AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.AAAA"}' where id = $1`, [id])
    const [open] = await rooms.sql<{ id: string }>(`select id from public.assessments where integration_id = $1`, [id])
    await entries.refuse('scan.completed', 'scan.failed')
    await expect(runAssessment(open?.id ?? '', new AbortController().signal)).rejects.toMatchObject(refused)
    expect(await rooms.sql('select status, score, finished_at from public.assessments where integration_id = $1', [id])).toEqual([{ status: 'running', score: null, finished_at: null }])
    expect(await rooms.sql('select 1 from public.findings where organization_id = $1', [who.organizationId])).toEqual([])
    await entries.accept()
    await rooms.sql(`update public.assessments set lease_until = now() - interval '1 s' where integration_id = $1`, [id])
    await runAssessment(open?.id ?? '', new AbortController().signal)
    expect(await rooms.sql(`select count(*)::int as n from public.audit_log where organization_id = $1 and action = $2`, [who.organizationId, action])).toEqual([{ n: 1 }])
  })
})

it('what is written before a deed says so, too', async () => {
  const who = await rooms.person()
  await entries.refuse()
  await expect(recordAudit({ organizationId: who.organizationId, actor: { type: 'user', id: who.userId, email: who.email }, action: 'session.signed_in', from })).rejects.toMatchObject(refused)
})
