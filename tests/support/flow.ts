/** A connection taken step by step, where `ApiClient.connect` takes it whole. */
import { useEncryptionKeys } from '#server/utils/encryption'
import { flowCookieName, sealFlow, type Flow } from '#server/oauth/state'
import { expectStatus, type ApiClient, type SessionBody } from './client.ts'
import { consent } from './consent.ts'

export interface StartedFlow {
  /** Where the app sent the browser. */
  authorize: URL
  state: string
  /** Answers the consent page. @returns path and query of the callback, as the browser would open it */
  answer: (decision: 'approve' | 'deny') => Promise<string>
}

/** @param query of the login call, such as `?integration_id=...` */
export async function startFlow(client: ApiClient, query = '', path = '/api/auth/supabase/login'): Promise<StartedFlow> {
  const login = await client.get(path + query)
  expectStatus(login, 302)
  const authorize = new URL(login.location ?? '')
  return {
    authorize,
    state: authorize.searchParams.get('state') ?? '',
    answer: async (decision) => {
      const back = new URL(await consent(authorize.href, decision))
      return back.pathname + back.search
    },
  }
}

/** Opens a callback. @returns where it lands */
export async function land(client: ApiClient, callback: string): Promise<string> {
  const answer = await client.get(callback)
  expectStatus(answer, 302)
  return answer.location ?? ''
}

export const flowCookies = (client: ApiClient) => client.jar.all().filter(cookie => cookie.name.startsWith('connect_'))

/** Puts a flow into the browser that the app never started, sealed with the app's own key: what only time can make. */
export async function plantFlow(client: ApiClient, encryptionKey: string, changes: Partial<Flow> & Pick<Flow, 'state'>): Promise<void> {
  const session = expectStatus(await client.get<SessionBody>('/api/session'), 200)
  useEncryptionKeys({ current: encryptionKey })
  const sealed = sealFlow({
    codeVerifier: 'v'.repeat(43), provider: 'supabase', userId: session.user.id, organizationId: session.organization?.id ?? '',
    integrationId: null, createdAt: Date.now(), awaits: 'consent', facts: {}, ...changes,
  })
  client.jar.store(new Headers({ 'set-cookie': `${flowCookieName(changes.state)}=${sealed}; Path=/api/auth` }))
}
