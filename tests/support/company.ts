/** An organization with all three roles and a connected, scanned integration, made the way people make it. */
import { ApiClient, expectStatus, newPerson, type Person } from './client.ts'
import type { Stack } from './stack.ts'
import { until } from './until.ts'

export type RoleName = 'owner' | 'admin' | 'member'
export interface Colleague { client: ApiClient, person: Person, id: string }

export interface Company extends Record<RoleName, Colleague> { organizationId: string }

interface Page<T> { data: T[], next_cursor: string | null }
export interface AssessmentRow { id: string, status: string, integration_id: string }

export async function newColleague(stack: Stack, by: ApiClient, role: 'admin' | 'member'): Promise<Colleague> {
  const person = newPerson(role)
  const { url } = expectStatus(await by.post<{ url: string }>('/api/invitations', { email: person.email, role }), 201)
  const client = new ApiClient(stack.app.url)
  const { email, password } = person
  const session = expectStatus(await client.post<{ user: { id: string } }>('/api/account', { email, password, invitation: new URL(url).hash.slice(1) }), 201)
  return { client, person, id: session.user.id }
}

export async function newCompany(stack: Stack): Promise<Company> {
  const person = newPerson('owner')
  const client = new ApiClient(stack.app.url)
  const session = await client.signUp(person)
  return {
    organizationId: session.organization?.id ?? '',
    owner: { client, person, id: session.user.id },
    admin: await newColleague(stack, client, 'admin'),
    member: await newColleague(stack, client, 'member'),
  }
}

/** Until nothing is queued or running any more. */
export function settled(client: ApiClient, integrationId: string): Promise<AssessmentRow[]> {
  return until(async () => {
    const { data } = expectStatus(await client.get<Page<AssessmentRow>>(`/api/assessments?integration_id=${integrationId}`), 200)
    return data.length > 0 && data.every(one => !['queued', 'running'].includes(one.status)) && data
  }, { what: 'the scans to end' })
}

/** @returns the integration's id, after its first scan */
export async function connectAndScan(client: ApiClient): Promise<{ integrationId: string, resourceId: string, assessmentId: string }> {
  const integrationId = (await client.connect()).split('/').at(-1) ?? ''
  const [assessment] = await settled(client, integrationId)
  const resources = expectStatus(await client.get<Page<{ id: string }>>(`/api/integrations/${integrationId}/resources`), 200)
  return { integrationId, resourceId: resources.data[0]?.id ?? '', assessmentId: assessment?.id ?? '' }
}
