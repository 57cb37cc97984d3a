/** A second person in an organization. */
import { ApiClient, expectStatus, newPerson } from './client.ts'

/** Invites somebody new and has them accept. @returns their browser, signed in, in that organization */
export async function joinedBy(admin: ApiClient, role: 'admin' | 'member'): Promise<{ client: ApiClient, userId: string }> {
  const person = newPerson(role)
  const invited = expectStatus(await admin.post<{ url: string }>('/api/invitations', { email: person.email, role }), 201)
  const client = new ApiClient(admin.url)
  const session = expectStatus(await client.post<{ user: { id: string } }>('/api/account', {
    email: person.email, password: person.password, invitation: new URL(invited.url).hash.slice(1),
  }), 201)
  return { client, userId: session.user.id }
}
