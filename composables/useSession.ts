import type { Session, SignedReceipt } from '#shared/api'
import { roleAtLeast } from '#shared/vocabulary'

/** Who is signed in: `undefined` until asked, `null` for nobody. The cookies themselves are out of reach of scripts. */
export function useSession() {
  const api = useApi()
  const session = useState<Session | null | undefined>('session', () => undefined)

  async function load() {
    try {
      session.value = await api<Session>('/api/session')
    }
    catch (error) {
      if (problemOf(error).status !== 401) throw error
      session.value = null
    }
  }

  /** Another person or organization: nothing that was read before may stay. */
  function enter(next: Session | null) {
    session.value = next
    clearNuxtData()
  }

  return {
    session,
    load,
    role: computed(() => session.value?.role ?? null),
    canWrite: computed(() => !!session.value?.role && roleAtLeast(session.value.role, 'admin')),
    isOwner: computed(() => session.value?.role === 'owner'),
    signIn: async (body: { email: string, password: string }) => enter(await api<Session>('/api/session', { method: 'POST', body })),
    signUp: async (body: { email: string, password: string, organization?: string, invitation?: string }) => enter(await api<Session>('/api/account', { method: 'POST', body })),
    signOut: async () => {
      await api('/api/session', { method: 'DELETE' })
      enter(null)
    },
    switchOrganization: async (organization_id: string) => enter(await api<Session>('/api/session/organization', { method: 'PUT', body: { organization_id } })),
    createOrganization: async (name: string) => enter(await api<Session>('/api/organizations', { method: 'POST', body: { name } })),
    /** @returns the receipts of all that it had connected: nobody can read them afterwards */
    deleteOrganization: async (id: string, name: string) => {
      const { receipts } = await api<{ receipts: SignedReceipt[] }>(`/api/organizations/${id}`, { method: 'DELETE', body: { name } })
      enter(await api<Session>('/api/session'))
      return receipts
    },
    requestReset: (email: string) => api('/api/password/reset', { method: 'POST', body: { email } }),
    resetPassword: async (body: { token_hash: string, password: string }) => enter(await api<Session>('/api/password', { method: 'PUT', body })),
    acceptInvitation: async (token: string) => enter(await api<Session>('/api/invitations/accept', { method: 'POST', body: { token } })),
  }
}
