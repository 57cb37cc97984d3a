/** The contract of a connector whose customers make a role for us: the same nine steps, where they exist. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { RoleConnector } from '#server/connectors/contract'
import { beginRole, connectRole, guideOf } from '#server/integrations/connect-role'
import { withApi } from '#server/integrations/credentials'
import { refreshDue } from '#server/integrations/refresh-due'
import type { RoleGuide } from '#shared/api'
import { expectStatus, type ApiClient } from '../../support/client.ts'
import { from } from '../../support/rooms.ts'
import type { RoleParticulars } from './particulars.ts'
import { expectEveryVerdict, expectResources, publishedContract } from './shared.ts'
import type { Stage } from './stage.ts'

export function roleContract(connector: RoleConnector, particulars: RoleParticulars, stage: () => Stage): void {
  let owner: ApiClient
  let integrationId = ''
  const { authorization } = connector
  const standIn = () => stage().standIn(connector)
  const integration = async () => (await stage().integrations(owner)).find(one => one.id === integrationId)
  const regions = authorization.regions.slice(0, 2).map(region => region.id)
  const assumed = (since: number) => standIn().exchanges.slice(since).filter(one => one.fields.Action === 'AssumeRole')

  async function begin(): Promise<{ flow: string, guide: RoleGuide }> {
    const login = await owner.get(`/api/auth/${connector.id}/login`)
    expectStatus(login, 302)
    const flow = new URL(login.location ?? '', stage().appUrl).searchParams.get('flow') ?? ''
    return { flow, guide: expectStatus(await owner.get<RoleGuide>(`/api/auth/${connector.id}/role?flow=${flow}`), 200) }
  }

  beforeAll(async () => { owner = await stage().person() })

  it('begin: gives an external id of ours, and a policy that lets in nobody else', async () => {
    const { guide } = await begin()
    expect(guide.external_id).toMatch(/^[0-9a-f-]{36}$/)
    for (const text of [guide.trust_policy, guide.template.text]) {
      expect(text).toContain(guide.external_id)
      expect(text).toContain(guide.principal)
    }
    expect(guide.policies).toEqual(authorization.policies)
  })

  it('denied: a role that does not trust us is refused, and nothing is stored', async () => {
    // By the rooms, as only these can be told not to wait for a role that is too new.
    const who = await stage().rooms.person()
    const flow = await beginRole(connector, who, null)
    const guide = await guideOf(connector, flow)
    const arn = particulars.makeRole(standIn().sandbox, { externalId: guide.external_id }, 'nobody')
    await expect(connectRole(connector, who, flow, { roleArn: arn, regions }, from, [])).rejects.toMatchObject({ code: 'role_refused' })
    expect(await stage().rooms.sql('select id from public.integrations where organization_id = $1', [who.organizationId])).toEqual([])
  })

  describe('callback', () => {
    it('is the role\'s name: it has to open with its id, and to stay shut without and with another', async () => {
      const { flow, guide } = await begin()
      const role_arn = particulars.makeRole(standIn().sandbox, { externalId: guide.external_id }, 'us')
      const since = standIn().exchanges.length
      const answer = await owner.post<{ integration_id: string }>(`/api/auth/${connector.id}/role`, { flow, role_arn, regions })
      integrationId = expectStatus(answer, 200).integration_id
      const tried = assumed(since).map(one => one.fields.ExternalId ?? null)
      expect(tried).toContain(guide.external_id)
      expect(tried).toContain(null)
      expect(tried.some(id => id !== null && id !== guide.external_id)).toBe(true)
      // Answered: it can't be answered again.
      expect((await owner.post(`/api/auth/${connector.id}/role`, { flow, role_arn, regions })).status).not.toBe(200)
    })

    it('sends nobody back: there is no such address', async () => {
      expectStatus(await owner.get(`/api/auth/${connector.id}/callback?code=c&state=s`), 404)
    })
  })

  it('resources: the account and the regions that were chosen', async () => {
    expectResources(connector, particulars, await stage().resources(owner, integrationId))
  })

  it('refresh: has no token to renew; the daily look takes the role on again', async () => {
    await stage().rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute' where id = $1`, [integrationId])
    const since = standIn().exchanges.length
    expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 0, probed: 1, failed: 0 })
    expect(assumed(since).length).toBeGreaterThan(0)
  })

  it('401: a session that is over in the middle is followed by another, without a person', async () => {
    const since = standIn().exchanges.length
    const sessions = await withApi({ integrationId, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, new AbortController().signal, async (api) => {
      await api.get(authorization.probe)
      standIn().advance(particulars.sessionSeconds + 60)
      await api.get(authorization.probe)
      return assumed(since).length
    })
    expect(sessions).toBe(2)
    expect((await stage().scan(owner, integrationId)).status).toBe('completed')
    expect(await integration()).toMatchObject({ status: 'active', last_error: null })
  })

  it('scan: every check has a verdict on every resource of its kinds', async () => {
    expectStatus(await owner.patch(`/api/integrations/${integrationId}`, { enabled_checks: connector.checks.map(check => check.id) }), 200)
    expectEveryVerdict(connector, particulars, await stage().resources(owner, integrationId), await stage().scan(owner, integrationId))
  })

  it('webhook: there is no such address', async () => {
    expect(connector.webhooks).toBeUndefined()
    expectStatus(await owner.call('POST', `/api/webhooks/${connector.id}`, { body: '{}', headers: { 'content-type': 'application/json' }, origin: null }), 404)
  })

  it('revoke: is not ours to do, and the person is told where', async () => {
    const removed = await owner.delete(`/api/integrations/${integrationId}`)
    expectStatus(removed, 204)
    expect(removed.headers.get('x-revocation')).toBe(`not_supported; url="${authorization.manualRevocationUrl}"`)
    expect(await integration()).toBeUndefined()
  })

  publishedContract(particulars, () => standIn().exchanges, () => false)
}
