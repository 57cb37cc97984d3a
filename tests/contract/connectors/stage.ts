/**
 * Where connectors play: the product's own rooms and routes in this process, on a real database, and each provider's stand-in as a
 * server of its own. The product takes them for the real providers; nothing in between is ours.
 */
import process from 'node:process'
import type { Connector } from '#server/connectors/contract'
import { useConnectors } from '#server/connectors/registry'
import type { StandIn } from '#server/sandbox/stand-in'
import { runAssessment } from '#server/scanner/run'
import { loadEnv } from '#server/utils/env'
import { z } from 'zod'
import { ApiClient, expectStatus } from '../../support/client.ts'
import { startEdge } from '../../support/edge.ts'
import { openRooms, type Assessment, type Rooms } from '../../support/rooms.ts'
import { serveStandIn, type ServedStandIn } from '../../support/served-stand-in.ts'

export interface Integration { id: string, status: string, external_account_id: string, config: Record<string, unknown>, last_error: { class: string, code: string } | null }
export interface Resource { id: string, kind: string, external_id: string, name: string }

export interface Stage {
  rooms: Rooms
  appUrl: string
  standIn: (connector: Connector) => ServedStandIn
  /** Somebody new in a browser of their own, with an organization. */
  person: () => Promise<ApiClient>
  integrations: (who: ApiClient) => Promise<Integration[]>
  resources: (who: ApiClient, integrationId: string) => Promise<Resource[]>
  /** Runs the assessment that is open, or a new one, to its end. */
  scan: (who: ApiClient, integrationId: string) => Promise<Assessment>
  close: () => Promise<void>
}

const begun = z.object({ assessment_id: z.string() })

/** @param others connectors that are there too, and nobody has configured */
export async function openStage(cast: readonly { connector: Connector, standIn: StandIn }[], others: readonly Connector[] = []): Promise<Stage> {
  const rooms = await openRooms()
  const appUrl = rooms.env.APP_URL ?? ''
  const served = new Map<string, ServedStandIn>()
  for (const { connector, standIn } of cast) served.set(connector.id, await serveStandIn(connector, standIn, appUrl))
  const connectors = [...others, ...cast.map(one => one.connector)]
  Object.assign(process.env, ...[...served.values()].map(one => one.env))
  useConnectors(connectors)
  loadEnv(connectors)
  const edge = await startEdge()

  return {
    rooms,
    appUrl,
    standIn: (connector) => {
      const found = served.get(connector.id)
      if (!found) throw new Error(`${connector.id} is not on this stage`)
      return found
    },
    person: async () => {
      const client = new ApiClient(edge.url)
      await client.signUp()
      return client
    },
    integrations: async who => expectStatus(await who.get<{ data: Integration[] }>('/api/integrations'), 200).data,
    resources: async (who, id) => expectStatus(await who.get<{ data: Resource[] }>(`/api/integrations/${id}/resources?limit=200`), 200).data,
    scan: async (who, id) => {
      // Connecting has begun one, which has not run yet: then this says which.
      const { assessment_id: assessmentId } = begun.parse((await who.post(`/api/integrations/${id}/scan`)).body)
      await runAssessment(assessmentId, new AbortController().signal)
      return expectStatus(await who.get<Assessment>(`/api/assessments/${assessmentId}`), 200)
    },
    close: async () => {
      useConnectors(null)
      await edge.close()
      for (const one of served.values()) await one.close()
      await rooms.close()
    },
  }
}
