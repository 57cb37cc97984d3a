import { describe, expect, it } from 'vitest'
import { slack } from '#server/connectors/slack'
import * as endpoints from '#server/connectors/slack/endpoints'
import { workspace } from './evaluate'

const canary = 'CANARY-6f1c'
const all = Object.values(endpoints)
const more = { response_metadata: { next_cursor: '', messages: [canary] } }

/** Bodies as Slack may send them, with something private wherever the real ones carry it, and unknown fields. */
const user = {
  id: 'U1', name: 'ines', team_id: 'T1', real_name: canary, tz: canary, has_2fa: true, enterprise_user: { enterprise_id: 'E1', teams: [canary] },
  profile: { email: canary, phone: canary, status_text: canary, fields: { X1: { value: canary } } },
}
const channel = { id: 'C1', name: 'general', is_ext_shared: false, topic: { value: canary }, purpose: { value: canary }, latest: { text: canary }, connected_team_ids: [canary] }
const poisoned: Record<string, unknown> = {
  identity: { ok: true, team_id: 'T1', team: 'Acme', user: canary, url: canary, token: canary },
  workspaces: { ok: true, teams: [{ id: 'T1', name: 'Acme', key: canary }], ...more },
  workspace: { ok: true, team: { name: 'Acme', domain: 'acme', email_domain: '', icon: canary, sso_provider: { type: 'saml', certificate: canary } } },
  members: { ok: true, members: [user], cache_ts: canary, ...more },
  members_as_admin: { ok: true, members: [user], ...more },
  preferences: { ok: true, allow_message_deletion: true, msg_edit_window_mins: 1, who_can_post_general: 'ra', secret: canary },
  public_channels: { ok: true, channels: [channel], ...more },
  private_channels: { ok: true, channels: [channel], ...more },
}

describe('endpoints', () => {
  it('are all tried here', () => {
    expect(Object.keys(poisoned).sort()).toEqual(all.map(endpoint => endpoint.id).sort())
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s lets nothing private through', (id, endpoint) => {
    expect(JSON.stringify(endpoint.schema.parse(poisoned[id]))).not.toContain(canary)
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s takes no answer that is a refusal or does not say', (id, endpoint) => {
    for (const ok of [false, undefined, 'true']) expect(endpoint.schema.safeParse({ ...Object(poisoned[id]), ok }).success).toBe(false)
  })

  it('have unique ids, a scope that is asked for, and a path of a method that reads', () => {
    expect(new Set(all.map(endpoint => endpoint.id)).size).toBe(all.length)
    const scopes = slack.authorization.scopes.map(scope => scope.name)
    for (const endpoint of all) {
      expect(scopes).toContain(endpoint.scope)
      expect(endpoint.path(workspace).split('?')[0]).toMatch(/^\/api\/(?:auth\.test|auth\.teams\.list|team\.info|team\.preferences\.list|users\.list|conversations\.list)$/)
    }
  })

  it('encode what stands in a path', () => {
    const odd = { ...workspace, externalId: 'T1&token=x#' }
    expect(endpoints.members.path(odd)).toBe('/api/users.list?limit=200&team_id=T1%26token%3Dx%23')
    expect(endpoints.publicChannels.path(odd)).toMatch(/&team_id=T1%26token%3Dx%23$/)
    expect(endpoints.workspace.path(odd)).toBe('/api/team.info?team=T1%26token%3Dx%23')
  })

  it('ask for second factors with the person\'s token and for everything else with the app\'s', () => {
    expect(all.filter(endpoint => 'slot' in endpoint).map(endpoint => endpoint.id)).toEqual(['members_as_admin'])
    expect(slack.authorization.slots).toContain(endpoints.membersAsAdmin.slot)
  })
})

describe('lists', () => {
  const page = (next_cursor: unknown) => ({ answer: endpoints.members.schema.parse({ ok: true, members: [user], response_metadata: { next_cursor } }), headers: new Headers(), path: endpoints.members.path(workspace) })

  it('go on with the cursor, and end where it is empty or missing', () => {
    expect(endpoints.members.paging.next(page('dXNlcjpV='))).toBe('/api/users.list?limit=200&team_id=T012AB3C4&cursor=dXNlcjpV%3D')
    expect(endpoints.members.paging.next(page(''))).toBeNull()
    expect(endpoints.members.paging.next(page(undefined))).toBeNull()
  })

  it('are one list in the end', () => {
    const { answer } = page('')
    expect(endpoints.members.paging.merge([answer, answer]).members).toHaveLength(2)
    const open = endpoints.publicChannels.schema.parse(poisoned.public_channels)
    expect(endpoints.publicChannels.paging.merge([open, open]).channels).toHaveLength(2)
    const teams = endpoints.workspaces.schema.parse(poisoned.workspaces)
    expect(endpoints.workspaces.paging.merge([teams, teams]).teams).toHaveLength(2)
  })
})
