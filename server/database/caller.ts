import type { Client } from './clients'

/** A person in an organization: what the rooms below the HTTP edge need to know of who is asking. */
export interface Caller {
  userId: string
  email: string
  organizationId: string
  /** supabase-js as this person: row level security applies. */
  client: Client
}
