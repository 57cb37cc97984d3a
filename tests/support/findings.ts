/** What the two projects of the fictional organization look like to a scan, and how to change that. */
import { listResources } from '#server/integrations/view'
import { listFindings } from '#server/scanner/view'
import type { Caller } from '#server/database/caller'
import type { Assessment } from './rooms.ts'

export const production = 'wmqzkfhvtnxcyrbdlgps'
export const staging = 'hjxvdqmtkzncwrfbyplg'

/** SSL enforcement is one switch that one check reads: on in production, off in staging. */
export const sslCheck = 'supabase_ssl_enforced'
export const sslPath = (ref: string) => `/v1/projects/${ref}/ssl-enforcement`
export const ssl = (on: boolean) => () => Response.json({ currentConfig: { database: on }, appliedSuccessfully: true })

export async function findingsOf(who: Caller, integrationId: string) {
  return (await listFindings(who, { limit: 200, integration_id: integrationId })).data
}

export async function resourcesOf(who: Caller, integrationId: string) {
  return (await listResources(who, integrationId, { limit: 200 })).data
}

/** @throws when there is no such project */
export async function resourceId(who: Caller, integrationId: string, ref: string): Promise<string> {
  const found = (await resourcesOf(who, integrationId)).find(resource => resource.external_id === ref)
  if (!found) throw new Error(`There is no resource ${ref}`)
  return found.id
}

/** The counts' sum: what must be the number of results, and the progress. */
export const sumOf = ({ counts }: Pick<Assessment, 'counts'>) => counts.pass + counts.fail + counts.error + counts.not_applicable
