/**
 * A provider that answers with nonsense, at every one of them: a web page, nothing, 50 MB, a list that never ends. Whoever is
 * connecting is told what to do and nothing is stored; a scan that meets it says so at each check, and keeps what it knew.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { useSandbox } from '#server/integrations/client'
import { runAssessment } from '#server/scanner/run'
import { callbackErrors } from '#shared/callback-errors'
import { halyard } from '../../server/sandbox/slack/accounts/halyard.ts'
import { expectStatus, type ApiClient } from '../support/client.ts'
import { openPlayed, type Played } from '../support/played.ts'

let played: Played
beforeAll(async () => { played = await openPlayed() })
afterAll(() => played?.close())
afterEach(() => played.control({ do: 'switch_off' }))

const connectors = allConnectors().map(connector => [connector.id, connector] as const)
const garbage = ['html', 'empty', 'wrong_shape', 'huge'] as const
/** Where an account has no list to go through when it is connected, the one that has. */
const withLists: Readonly<Record<string, Record<string, string> | null>> = { supabase: null, aws: null, slack: { account: halyard.id } }

describe.each(connectors)('%s', (id, connector) => {
  let client: ApiClient
  beforeAll(async () => { client = await played.somebody() })
  const stored = async () => expectStatus(await client.get<{ data: { id: string }[] }>('/api/integrations'), 200).data

  const stages = [...garbage.map(kind => [kind, 'token'] as const), ...garbage.map(kind => [kind, 'api'] as const), ...withLists[id] === null ? [] : [['endless', 'api'] as const]]
  it.each(stages)('that answers with %s at its %s is not connected, and it is said what to do', async (kind, where) => {
    const finish = await played.arrive(client, connector, kind === 'endless' ? withLists[id] ?? {} : {})
    await played.control({ do: 'switch_on', kind, where }, id)
    expect(await finish()).toEqual({ error: 'provider_unavailable' })
    expect(callbackErrors.provider_unavailable.next).not.toBe('')
    expect(await stored()).toEqual([])
  })

  it('that is not configured sends nobody anywhere, and an answer from there is refused', async () => {
    const finish = await played.arrive(client, connector)
    useSandbox(null)
    try {
      const other = await played.somebody()
      const login = await other.get(`/api/auth/${id}/login`, { headers: { accept: 'text/html' } })
      expect(login.location).toBe('/integrations?error=not_configured')
      expect(await finish()).toEqual({ error: 'not_configured' })
      expect(await stored()).toEqual([])
    }
    finally {
      played.resume()
    }
  })

  // Once it behaves: it was the provider, and nobody else.
  describe('that was connected', () => {
    let integrationId: string
    beforeAll(async () => {
      const landed = await (await played.arrive(client, connector))()
      integrationId = 'integrationId' in landed ? landed.integrationId : landed.error
      expect(await scan()).toMatchObject({ status: 'completed' })
    })

    const known = () => Promise.all([
      played.rooms.sql('select external_id, missing_since from public.integration_resources where integration_id = $1 order by external_id', [integrationId]),
      played.rooms.sql('select id, status from public.findings where integration_id = $1 order by id', [integrationId]),
    ])

    it.each([...garbage, ...id === 'supabase' ? [] : ['endless']])('costs checks their verdict when a scan meets %s, and nothing that was known', async (kind) => {
      const before = await known()
      expect(before.map(rows => rows.length > 0)).toEqual([true, true])
      await played.control({ do: 'switch_on', kind, where: 'api' }, id)
      await played.rooms.sql(`insert into public.assessments (organization_id, integration_id, trigger) select organization_id, id, 'manual' from public.integrations where id = $1`, [integrationId])
      const { status, errors } = await scan()
      expect(status).toBe('completed')
      expect(errors.length).toBeGreaterThan(0)
      for (const { summary } of errors) expect(summary).toMatch(/^[A-Z].{20,}\.$/)
      expect(await known()).toEqual(before)
    })

    async function scan(): Promise<{ status: string, errors: { summary: string }[] }> {
      const [open] = await played.rooms.sql<{ id: string }>(`select id from public.assessments where integration_id = $1 and status = 'queued'`, [integrationId])
      await runAssessment(open?.id ?? '', new AbortController().signal)
      const [done] = await played.rooms.sql<{ status: string }>('select status from public.assessments where id = $1', [open?.id])
      const errors = await played.rooms.sql<{ summary: string }>(`select distinct summary from public.assessment_results where assessment_id = $1 and verdict = 'error'`, [open?.id])
      return { status: done?.status ?? '', errors }
    }
  })
})
