/** A scan with the app's private key: for whom the installation's token is made, and that it ends with the person's right to it. */
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { github } from '#server/connectors/github'
import type { Caller } from '#server/database/caller'
import { askForConsent, beginConnection } from '#server/integrations/begin-connection'
import { finishConnection } from '#server/integrations/connect'
import { openFlow } from '#server/oauth/state'
import { createGithubSandbox, githubStandIn } from '#server/sandbox/github'
import { requestScan } from '#server/scanner/request'
import { runAssessment } from '#server/scanner/run'
import { getAssessment } from '#server/scanner/view'
import { loadEnv } from '#server/utils/env'
import { consent } from '../support/consent.ts'
import { from, openRooms, type Assessment, type Rooms } from '../support/rooms.ts'
import { serveStandIn, type ServedStandIn } from '../support/served-stand-in.ts'

/** What is said of who connected, from now on. `sees`: the installation, among those that the person sees. */
const person: { role: 'admin' | 'member' | null, sees: boolean, faults: (path: string) => Response | undefined } = { role: 'admin', sees: true, faults: () => undefined }
const never = new AbortController().signal

let rooms: Rooms
let standIn: ServedStandIn
let who: Caller
let integration: string
beforeAll(async () => {
  rooms = await openRooms()
  standIn = await serveStandIn(github, {
    ...githubStandIn,
    create: options => createGithubSandbox({
      ...options,
      get role() { return person.role },
      faults: ({ url }) => {
        const { pathname } = new URL(url)
        return !person.sees && pathname === '/user/installations' ? Response.json({ total_count: 0, installations: [] }) : person.faults(pathname)
      },
    }),
  }, rooms.env.APP_URL ?? '')
  Object.assign(process.env, standIn.env)
  loadEnv([github])
})
afterAll(async () => {
  await standIn?.close()
  await rooms?.close()
})
beforeEach(async () => {
  Object.assign(person, { role: 'admin', sees: true, faults: () => undefined })
  who = await rooms.person()
  integration = await connect('71000001')
  standIn.exchanges.splice(0)
})

async function connect(installation: string): Promise<string> {
  const start = await beginConnection(github, who, null)
  const installed = new URL(await consent(start.url.href, 'approve', { installation }))
  const { url, cookie } = await askForConsent(github, who, openFlow(start.cookie.value), { installation_id: installed.searchParams.get('installation_id') ?? '' })
  const answer = new URL(await consent(url.href, 'approve', { installation }))
  const { integrationId } = await finishConnection(github, who, openFlow(cookie.value), answer.searchParams.get('code') ?? '', from)
  if (integrationId === undefined) throw new Error('It waits for a word')
  await rooms.sql('delete from public.assessments where integration_id = $1', [integrationId])
  return integrationId
}

const scan = () => rooms.scan(who, integration)
/** Whose tokens the checks' and the listing's calls were made with, by their beginnings. */
const asked = (path: RegExp) => [...new Set(standIn.exchanges.filter(one => path.test(one.path)).map(one => one.authorization?.slice('Bearer '.length, 'Bearer '.length + 4)))]
const ofChecks = /^\/(?:orgs|repos)\//
const made = () => standIn.exchanges.filter(one => one.path.endsWith('/access_tokens'))
const uses = async () => (await rooms.sql<{ detail: Record<string, unknown> }>(`select detail from public.audit_log where target_id = $1 and action = 'credential.used' order by created_at, id`, [integration])).map(({ detail }) => detail)
const reasons = ({ results }: Assessment) => [...new Set(results.map(({ verdict, evidence }) => `${verdict} ${String((evidence as { reason?: unknown }).reason ?? '')}`.trim()))]
const summaries = ({ results }: Assessment) => [...new Set(results.map(result => result.summary))]

describe('of an owner', () => {
  it('reads as the installation, with one token for what is needed, and the log says so before it is made', async () => {
    expect((await scan()).counts.error).toBe(0)
    expect(asked(ofChecks)).toEqual(['ghs_'])
    expect(asked(/^\/user/)).toEqual(['ghu_'])
    expect(made().map(one => JSON.parse(one.sent))).toEqual([{ permissions: Object.fromEntries(github.authorization.scopes.map(({ name }) => [name.replace(':read', ''), 'read'])) }])
    const [first, second, ...more] = await uses()
    expect([first, more]).toEqual([expect.not.objectContaining({ minted_for: expect.anything() }), []])
    expect(second).toEqual({ ...first, minted_for: 'installation 71000001', permissions: github.authorization.scopes.map(({ name }) => name) })
    expect(JSON.stringify(await uses())).not.toMatch(/gh[su]_|BEGIN/)
  })

  it('is not made where the log takes no entry', async () => {
    await rooms.sql(`create or replace function public.refuse_minting() returns trigger language plpgsql as $$ begin if new.detail ? 'minted_for' then raise exception 'no'; end if; return new; end $$`)
    await rooms.sql('create trigger refuse_minting before insert on public.audit_log for each row execute function public.refuse_minting()')
    try {
      expect(await scan()).toMatchObject({ status: 'failed' })
      expect([made(), asked(ofChecks)]).toEqual([[], []])
    }
    finally {
      await rooms.sql('drop trigger refuse_minting on public.audit_log')
      await rooms.sql('drop function public.refuse_minting()')
    }
  })
})

it('of a person\'s own account reads as the installation', async () => {
  integration = await connect('71000002')
  standIn.exchanges.splice(0)
  await scan()
  expect(asked(ofChecks)).toEqual(['ghs_'])
  expect(asked(/^\/user\/memberships/)).toEqual([])
})

describe('shows nothing that the person may not see:', () => {
  it.each(['member', null] as const)('who is in the organization as %s reads for themselves', async (role) => {
    person.role = role
    const done = await scan()
    expect([made(), asked(ofChecks)]).toEqual([[], ['ghu_']])
    const hidden = done.results.filter(({ check_id }) => ['github_org_2fa_required', 'github_secret_alerts_open', 'github_webhooks_secure', 'github_dependabot'].includes(check_id))
    expect(hidden.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail')).toEqual([])
    expect(await uses()).toHaveLength(1)
  })

  it('where nobody says what the person is, the same', async () => {
    person.faults = path => path.startsWith('/user/memberships') ? new Response('{"message":"You do not have access to this organization membership."}', { status: 403, headers: { 'content-type': 'application/json' } }) : undefined
    await scan()
    expect([made(), asked(ofChecks)]).toEqual([[], ['ghu_']])
  })

  it('where the list of repositories cannot be had, the same', async () => {
    await scan()
    standIn.exchanges.splice(0)
    person.faults = path => path.endsWith('/repositories') ? new Response('{}', { status: 403, headers: { 'content-type': 'application/json' } }) : undefined
    expect(await scan()).toMatchObject({ notice: { code: 'not_listed' } })
    expect([made(), asked(ofChecks)]).toEqual([[], ['ghu_']])
  })
})

describe('once the person has left', () => {
  it('asks nothing more of what was known, keeps the findings, and says why', async () => {
    const before = await scan()
    expect(before.counts.fail).toBeGreaterThan(0)
    const findings = () => rooms.sql(`select id, status from public.findings where integration_id = $1 order by id`, [integration])
    const kept = await findings()
    standIn.exchanges.splice(0)
    person.sees = false
    const after = await scan()
    expect([made(), asked(ofChecks)]).toEqual([[], []])
    expect(after).toMatchObject({ status: 'completed', notice: { code: 'not_listed', message: expect.stringContaining('nothing of it was asked') as string } })
    expect(reasons(after)).toEqual(['error account_missing'])
    expect(summaries(after)).toEqual(['The grant does not reach the account any more.'])
    expect(await findings()).toEqual(kept)
  })

  it('goes on with nothing, where that happened between two parts of a scan', async () => {
    const id = await requestScan(who, integration, from)
    await runAssessment(id, never, { portion: 1, workMs: 0 })
    expect(asked(ofChecks)).toEqual(['ghs_'])
    standIn.exchanges.splice(0)
    Object.assign(person, { sees: false, role: null })
    await runAssessment(id, never)
    expect([made(), asked(ofChecks)]).toEqual([[], []])
    const done = await getAssessment(who, id)
    expect(done.status).toBe('completed')
    expect(reasons(done)).toContain('error account_missing')
  })

  it('who stays goes on as before, with a token of its own for each part', async () => {
    const id = await requestScan(who, integration, from)
    await runAssessment(id, never, { portion: 1, workMs: 0 })
    await runAssessment(id, never)
    expect(asked(ofChecks)).toEqual(['ghs_'])
    expect(made()).toHaveLength(2)
    expect((await getAssessment(who, id)).counts.error).toBe(0)
    // In each part the grant's own, and then the one that was made.
    expect((await uses()).map(detail => 'minted_for' in detail)).toEqual([false, true, false, true])
  })
})
