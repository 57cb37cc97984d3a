/** One connector with OAuth on its stand-in: the person, their connection, and what they and the product do with it. */
import { expect } from 'vitest'
import { z } from 'zod'
import type { ExternalAccount, GrantFacts, OAuthConnector, TokenSet } from '#server/connectors/contract'
import { clientFor } from '#server/integrations/client'
import { authorizeUrl } from '#server/oauth/authorize-url'
import type { OAuthClient } from '#server/oauth/client'
import { openApi } from '#server/oauth/open-api'
import { newState, newVerifier } from '#server/oauth/state'
import { expectStatus, type ApiClient } from '../../support/client.ts'
import { consent } from '../../support/consent.ts'
import type { Exchange, ServedStandIn } from '../../support/served-stand-in.ts'
import type { OAuthParticulars } from './particulars.ts'
import type { Integration, Stage } from './stage.ts'

export type Play = ReturnType<typeof openPlay>

const factsSchema = z.record(z.string(), z.string())

/** @param stage opened when the first step begins */
export function openPlay(connector: OAuthConnector, particulars: OAuthParticulars, stage: () => Stage) {
  const { authorization } = connector
  const { first } = particulars.accounts
  let owner: ApiClient | undefined
  const standIn = (): ServedStandIn => stage().standIn(connector)
  const oauth = (): OAuthClient => clientFor(connector, false)
  const redirectUri = () => `${stage().appUrl}/api/auth/${connector.id}/callback`

  /** What the product sends the browser away with first. */
  async function login(who: ApiClient, integrationId?: string): Promise<URL> {
    const login = await who.get(`/api/auth/${connector.id}/login${integrationId ? `?integration_id=${integrationId}` : ''}`)
    expectStatus(login, 302)
    return new URL(login.location ?? '')
  }

  /** What it asks for consent with: past the page of the app's installation, where the provider has one. */
  async function begin(who: ApiClient, integrationId?: string, choice = first): Promise<URL> {
    const start = await login(who, integrationId)
    if (start.pathname === new URL(standIn().url + play.authorizePath()).pathname) return start
    return new URL(await land(who, await answer(start, 'approve', choice)))
  }

  /** The person's word at the provider. @returns path and query of the callback */
  async function answer(authorize: URL, decision: 'approve' | 'deny', choice = first): Promise<string> {
    const back = new URL(await consent(authorize.href, decision, choice))
    expect(back.origin + back.pathname).toBe(redirectUri())
    return back.pathname + back.search
  }

  /** Opens a callback. @returns where it lands */
  async function land(who: ApiClient, callback: string): Promise<string> {
    const landed = await who.get(callback)
    expectStatus(landed, 302)
    return landed.location ?? ''
  }

  const play = {
    connector,
    particulars,
    stage,
    standIn,
    oauth,
    redirectUri,
    login,
    begin,
    answer,
    land,

    get owner(): ApiClient {
      if (!owner) throw new Error('Nobody is on the stage yet')
      return owner
    },
    set owner(somebody: ApiClient) { owner = somebody },
    /** Of the connection that the steps are done with. */
    integrationId: '',
    /** The last tokens of each slot that the stand-in gave out for the connection. */
    held: new Map<string, TokenSet>(),

    authorizePath: () => typeof authorization.authorizePath === 'string' ? authorization.authorizePath : authorization.authorizePath(oauth().settings),
    installPath: () => authorization.installPath?.(oauth().settings) ?? null,
    /** How much was said so far; for `tokenCalls`. */
    mark: () => standIn().exchanges.length,
    tokenCalls: (since: number): Exchange[] => standIn().exchanges.slice(since).filter(one => one.path === authorization.tokenPath && one.method === 'POST'),
    answerOf: (call: Exchange | undefined): TokenSet => authorization.tokenAnswer.parse(JSON.parse(call?.answer ?? 'null')),
    hold(answered: TokenSet): void {
      this.held.set('main', answered)
      for (const [slot, tokens] of Object.entries(answered.extra ?? {})) this.held.set(slot, tokens)
    },

    verifierIfAny: () => authorization.pkce === 'S256' ? newVerifier() : null,
    /** A code past the product's pages, by its verbs: for what would end the connection's own grant. */
    async code(verifier: string | null): Promise<string> {
      const authorize = await authorizeUrl(oauth(), { state: newState(), codeVerifier: verifier })
      return new URL(await consent(authorize.href, 'approve', first)).searchParams.get('code') ?? ''
    },

    /** The whole way. @returns the integration's id */
    async connect(who: ApiClient, choice: Readonly<Record<string, string>>, integrationId?: string): Promise<string> {
      const landed = await land(who, await answer(await begin(who, integrationId, choice), 'approve', choice))
      expect(landed).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)
      return landed.split('/').at(-1) ?? ''
    },

    /** Whose a token is: a call that a token that is over does not get an answer to. */
    account: (accessToken: string, facts: GrantFacts = {}): Promise<ExternalAccount> => connector.account(openApi(oauth(), { accessToken, facts })),
    async integration(): Promise<Integration | undefined> {
      return (await stage().integrations(this.owner)).find(one => one.id === this.integrationId)
    },
    async storedFacts(id: string): Promise<GrantFacts> {
      const [row] = await stage().rooms.sql<{ facts: unknown }>(`select coalesce(config->'facts', '{}') as facts from public.integrations where id = $1`, [id])
      return factsSchema.parse(row?.facts)
    },
  }
  return play
}
