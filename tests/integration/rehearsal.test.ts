/** What happens to a grant at the provider, rehearsed on the control page and met by the real connectors over HTTP. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { applyDeliveries } from '#server/integrations/deliveries'
import { refreshDue } from '#server/integrations/refresh-due'
import { runAssessment } from '#server/scanner/run'
import { expectStatus, type ApiClient } from '../support/client.ts'
import { openPlayed, type Played } from '../support/played.ts'

let played: Played
beforeAll(async () => { played = await openPlayed() })
afterAll(() => played?.close())
afterEach(() => played.control({ do: 'reset' }))

interface Shown { status: string, sandbox: boolean, health: { state: string, reason: string | null, next_action: string } }

describe.each(allConnectors().map(connector => [connector.id, connector] as const))('%s', (id, connector) => {
  let client: ApiClient
  let integrationId: string
  beforeAll(async () => { client = await played.somebody() })
  async function connect(): Promise<void> {
    const landed = await (await played.arrive(client, connector))()
    integrationId = 'integrationId' in landed ? landed.integrationId : landed.error
  }
  const shown = async () => {
    const { data } = expectStatus(await client.get<{ data: (Shown & { id: string })[] }>('/api/integrations'), 200)
    const integration = data.find(one => one.id === integrationId)
    return { status: integration?.status, state: integration?.health.state, reason: integration?.health.reason, next: integration?.health.next_action }
  }
  async function scan(): Promise<{ status: string, verdicts: Record<string, number> }> {
    await played.rooms.sql(`insert into public.assessments (organization_id, integration_id, trigger) select organization_id, id, 'manual' from public.integrations where id = $1
      and not exists (select from public.assessments where integration_id = $1 and status = 'queued')`, [integrationId])
    const [open] = await played.rooms.sql<{ id: string }>(`select id from public.assessments where integration_id = $1 and status = 'queued'`, [integrationId])
    await runAssessment(open?.id ?? '', new AbortController().signal)
    const [done] = await played.rooms.sql<{ status: string }>('select status from public.assessments where id = $1', [open?.id])
    const verdicts = await played.rooms.sql<{ verdict: string, count: number }>('select verdict, count(*)::int as count from public.assessment_results where assessment_id = $1 group by verdict', [open?.id])
    return { status: done?.status ?? '', verdicts: Object.fromEntries(verdicts.map(one => [one.verdict, one.count])) }
  }
  /** By the last scan. */
  const passed = async () => (await played.rooms.sql<{ check_id: string }>(`select distinct check_id from public.assessment_results where verdict = 'pass' and assessment_id = (
    select id from public.assessments where integration_id = $1 order by created_at desc limit 1)`, [integrationId])).map(one => one.check_id)
  /** @param begins of the action's id */
  async function act(begins: string) {
    const { grants = [] } = await played.control({ do: 'switch_off' }, id)
    const grant = grants.find(one => one.actions.some(action => action.startsWith(begins)))
    const action = grant?.actions.find(one => one.startsWith(begins))
    return played.control({ do: 'act', grant: grant?.id, action }, id)
  }
  const acts = (begins: string) => ({ supabase: ['expire', 'revoke'], slack: ['expire', 'revoke', 'uninstall'], github: ['expire', 'revoke', 'uninstall'], vercel: ['revoke', 'uninstall', 'disable'], netlify: ['revoke'], aws: ['expire', 'remove', 'loosen', 'detach'] }[id] ?? []).includes(begins)

  it('lists who granted what, and no token', async () => {
    await connect()
    const { grants = [] } = await played.control({ do: 'switch_off' }, id)
    expect(grants).toHaveLength(1)
    expect(grants[0]?.account.length).toBeGreaterThan(2)
    const [row] = await played.rooms.sql<{ config: object }>('select config from public.integrations where id = $1', [integrationId])
    expect(Object.keys(row?.config ?? {})).toContain('access_token')
    expect(JSON.stringify(grants)).not.toMatch(/sbp_|sbr_|xox|ghu_|ghr_|vci_|nfo_|code_|consent_|session_/)
  })

  it.runIf(acts('expire'))('renews a token that was expired there, and scans as before', async () => {
    await connect()
    const before = await scan()
    expect(await act('expire')).toMatchObject({ done: 'acted' })
    expect(await scan()).toEqual(before)
    expect(await shown()).toMatchObject({ status: 'active' })
  })

  it.runIf(acts('revoke'))('asks for a reconnect when the grant was revoked there, and is well after one', async () => {
    await connect()
    await scan()
    expect(await act('revoke')).toMatchObject({ done: 'acted', grants: [] })
    expect((await scan()).verdicts.pass).toBeUndefined()
    expect(await shown()).toMatchObject({ status: 'error', state: 'action_required', next: 'reconnect' })
    expect(await (await played.arrive(client, connector))()).toEqual({ integrationId })
    expect(await shown()).toMatchObject({ status: 'active' })
  })

  it.runIf(acts('uninstall'))('is told of an uninstallation by a delivery that is its own, and asks for a reconnect', async () => {
    await connect()
    await scan()
    expect(await act('uninstall')).toMatchObject({ done: 'told', status: 202 })
    await applyDeliveries(id, true)
    const uninstalled = { status: 'error', state: 'action_required', reason: 'uninstalled', next: 'reconnect' }
    expect(await shown()).toEqual(uninstalled)
    // A look, as it follows within minutes, does not find the account.
    await played.rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute' where id = $1`, [integrationId])
    await refreshDue(new AbortController().signal)
    expect(await shown()).toEqual(uninstalled)
    expect((await scan()).verdicts.pass).toBeUndefined()
    expect(await (await played.arrive(client, connector))()).toEqual({ integrationId })
    await scan()
    expect(await shown()).toMatchObject({ status: 'active', reason: 'ok' })
  })

  it.runIf(acts('disable'))('says why an installation was switched off there, and goes on once it was taken over', async () => {
    const look = async () => {
      await played.rooms.sql('update public.integrations set refresh_due_at = now() - interval \'1 minute\' where id = $1', [integrationId])
      await refreshDue(new AbortController().signal)
      return shown()
    }
    await connect()
    const before = await scan()
    await act('disable')
    const off = { status: 'error', state: 'action_required', reason: 'disabled_owner_left', next: 'reconnect' }
    expect(await look()).toEqual(off)
    expect(await scan()).toMatchObject({ status: 'completed', verdicts: { error: expect.any(Number) as number } })
    expect([await shown(), await passed()]).toEqual([off, []])
    await act('enable')
    expect(await look()).toMatchObject({ status: 'active', state: 'healthy' })
    expect(await scan()).toEqual(before)
    // Seen by a scan first.
    await act('disable')
    await scan()
    expect(await shown()).toEqual(off)
    await act('enable')
    await scan()
    expect(await shown()).toMatchObject({ status: 'active', state: 'healthy' })
  })

  it.runIf(acts('loosen'))('finds a trust that was loosened there, and one that was put right again', async () => {
    await connect()
    const open = () => played.rooms.sql<{ check_id: string }>(`select check_id from public.findings where integration_id = $1 and status = 'open' and check_id like '%trust%'`, [integrationId])
    await scan()
    expect(await open()).toEqual([])
    await act('loosen')
    await scan()
    expect(await open()).toHaveLength(1)
    await act('tighten')
    await scan()
    expect(await open()).toEqual([])
  })

  it.runIf(acts('remove'))('passes nothing while the role is gone', async () => {
    await connect()
    await scan()
    await act('remove')
    expect(Object.keys((await scan()).verdicts)).toEqual(['error'])
  })

  it.runIf(acts('detach'))('says which permission went with the policy', async () => {
    await connect()
    await scan()
    await act('detach')
    await scan()
    expect(await passed()).toEqual(['aws_trust_requires_external_id'])
  })

  it('waits for as long as it is asked to, and then scans as before', async () => {
    await connect()
    const before = await scan()
    await played.control({ do: 'switch_on', kind: 'rate_limited', amount: 1, calls: 1, where: 'api' }, id)
    expect(await scan()).toEqual(before)
    expect((await played.control({ do: 'switch_off', kind: 'slow' }, id)).faults).toEqual([])
  })

  // A minute is the longest that Netlify ever asks for, and is waited for.
  it.runIf(id !== 'netlify')('says so where the wait is too long for a scan, and loses nothing', async () => {
    await connect()
    await scan()
    await played.control({ do: 'switch_on', kind: 'rate_limited', amount: 3_600, where: 'api' }, id)
    await scan()
    // Whether a role is trusted is asked of the service that gives out sessions.
    expect(await passed()).toEqual(id === 'aws' ? ['aws_trust_requires_external_id'] : [])
    expect(await shown()).toMatchObject({ status: 'active' })
  })

  it.runIf(id !== 'aws')('is not connected when whoever approves is taken to have denied', async () => {
    await played.control({ do: 'switch_on', kind: 'denied', calls: 1 }, id)
    expect(await (await played.arrive(client, connector))()).toEqual({ error: 'access_denied' })
    expect(await (await played.arrive(client, connector))()).toHaveProperty('integrationId')
  })
})
