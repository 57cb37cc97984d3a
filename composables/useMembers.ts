import type { Invitation, InvitationLookup, Member, NewInvitation } from '#shared/api'
import type { Role } from '#shared/vocabulary'

export function useMembers() {
  const api = useApi()
  const list = useList<Member>('members', '/api/members', () => ({ limit: 200 }))

  /** Shown at once, taken back when the server refuses: the last owner stays one. */
  async function setRole(user: string, role: Role) {
    const before = list.data.value
    if (!before) return
    list.data.value = { ...before, data: before.data.map(member => member.user_id === user ? { ...member, role } : member) }
    try {
      await api(`/api/members/${user}`, { method: 'PATCH', body: { role } })
    }
    catch (error) {
      list.data.value = before
      throw error
    }
  }

  async function remove(user: string) {
    await api(`/api/members/${user}`, { method: 'DELETE' })
    await list.refresh()
  }

  return { ...list, members: list.items, setRole, remove }
}

/** For owners and admins. */
export function useInvitations() {
  const api = useApi()
  const { canWrite } = useSession()
  const list = useList<Invitation>('invitations', '/api/invitations', () => ({ limit: 200 }), { immediate: canWrite.value })

  async function invite(body: { email: string, role: Role }) {
    const invitation = await api<NewInvitation>('/api/invitations', { method: 'POST', body })
    await list.refresh()
    return invitation
  }

  async function revoke(id: string) {
    await api(`/api/invitations/${id}`, { method: 'DELETE' })
    await list.refresh()
  }

  return { ...list, invitations: list.items, invite, revoke }
}

const kept = 'allyship:invitation'

/**
 * The token of an invitation's link. It stands in the fragment, which no browser sends to a server, and waits in this
 * tab's storage while the person signs in: never in an address.
 */
export function useInvitation() {
  const api = useApi()
  return {
    take(): string | null {
      const fragment = window.location.hash.slice(1)
      const token = new URLSearchParams(fragment).get('token') ?? (fragment.includes('=') ? null : fragment || null)
      if (token) {
        sessionStorage.setItem(kept, token)
        window.history.replaceState(window.history.state, '', window.location.pathname)
      }
      return token ?? sessionStorage.getItem(kept)
    },
    forget: () => sessionStorage.removeItem(kept),
    lookup: (token: string) => api<InvitationLookup>('/api/invitations/lookup', { method: 'POST', body: { token } }),
  }
}
