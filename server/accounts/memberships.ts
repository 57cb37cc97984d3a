import { z } from 'zod'
import type { Client } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { roles, type Role } from '#shared/vocabulary'

export interface Membership { id: string, name: string, role: Role }

const roleSchema = z.enum(roles)

/** The person's organizations, in the order of joining. */
export async function memberships(person: { client: Client, userId: string }): Promise<Membership[]> {
  const rows = unwrap(await person.client.from('user_organizations')
    .select('role, organizations(id, name)').eq('user_id', person.userId).order('created_at').order('organization_id'))
  return rows.flatMap(row => row.organizations ? [{ ...row.organizations, role: roleSchema.parse(row.role) }] : [])
}
