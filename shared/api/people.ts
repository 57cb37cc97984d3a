/** Sessions, members and invitations. */
import type { Role } from '../vocabulary'

export interface Session {
  user: { id: string, email: string }
  organization: { id: string, name: string } | null
  organizations: { id: string, name: string, role: Role }[]
  role: Role | null
}

export interface Member { user_id: string, email: string, role: Role, created_at: string }
export interface Invitation { id: string, email: string, role: Role, created_at?: string, expires_at: string }
export interface NewInvitation extends Invitation { url: string }
export interface InvitationLookup { organization: string, email: string, role: Role }
