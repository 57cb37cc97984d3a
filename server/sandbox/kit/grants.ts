/**
 * The life of a grant: consent, code, tokens, rotation, end. Each verb changes the state and saves it before it answers,
 * without an await between, so that two requests cannot both win.
 */
import { randomUUID } from 'node:crypto'
import type { SandboxStore } from '../store'
import { s256, same, secret, sha256 } from './hash'
import { loadState, prune } from './state'

const tenMinutes = 600_000

export interface Tokens { accessToken: string, refreshToken: string, expiresIn: number, subject: string, chain: string, grantId: string }
/** Why no tokens are given. `unknown`: nobody has it; `reused`: it served before. */
export interface Refusal { refused: string, because: 'unknown' | 'reused' | 'expired' | 'other_client' | 'other_redirect' | 'verifier' }

export type Grants = ReturnType<typeof openGrants>

export interface GrantsOptions {
  /** The provider's name. */
  provider: string
  store: SandboxStore
  now: () => number
  /** Of access tokens; null: they do not expire. */
  lifetimeSeconds: number | null
  /** In front of tokens, by chain, in the provider's own format. */
  prefixes?: (chain: string) => { access: string, refresh: string }
  /** Whether a refresh also ends the access token that it replaces. */
  endsOldAccessToken?: boolean
  codeLifetimeMs?: number
}

/** @throws Error when the stored state is damaged */
export function openGrants(options: GrantsOptions) {
  const { store, now, lifetimeSeconds, provider, codeLifetimeMs = tenMinutes } = options
  const prefixes = options.prefixes ?? (() => ({ access: 'access_sandbox_', refresh: 'refresh_sandbox_' }))
  const state = loadState(store, provider)

  function save(): void {
    prune(state, now())
    store.save(state)
  }

  function issue(grantId: string, chain: string): Tokens {
    const { access, refresh } = prefixes(chain)
    const accessToken = secret(access)
    const refreshToken = secret(refresh)
    state.accessTokens[sha256(accessToken)] = { grantId, chain, expiresAt: lifetimeSeconds === null ? null : now() + lifetimeSeconds * 1000 }
    state.refreshTokens[sha256(refreshToken)] = { grantId, chain, rotated: false }
    save()
    return { accessToken, refreshToken, expiresIn: lifetimeSeconds ?? 0, subject: state.grants[grantId]?.subject ?? '', chain, grantId }
  }

  /** All tokens of the grant go with it, see `prune`. */
  function end(grantId: string): void {
    Reflect.deleteProperty(state.grants, grantId)
    save()
  }

  return {
    /** A one-time token for a consent page that asks exactly this. */
    askConsent(request: string): string {
      const token = secret('consent_')
      state.consents[sha256(token)] = { request: sha256(request), expiresAt: now() + tenMinutes }
      save()
      return token
    },

    /** Whether the page's token is unused, young, and was made for exactly this request. It is spent either way. */
    spendConsent(token: string, request: string): boolean {
      const key = sha256(token)
      const consent = state.consents[key]
      if (!consent) return false
      Reflect.deleteProperty(state.consents, key)
      save()
      return consent.expiresAt > now() && consent.request === sha256(request)
    },

    /** @param bound `challenge` null: the provider takes no PKCE */
    issueCode(bound: { clientId: string, redirectUri: string, challenge: string | null, subject?: string }): string {
      const code = secret('code_')
      state.codes[sha256(code)] = { subject: '', ...bound, expiresAt: now() + codeLifetimeMs, grantId: null }
      save()
      return code
    },

    /** RFC 6749 section 4.1.3, RFC 7636 section 4.6. A code is spent by its first use, whatever that use ends in. */
    redeem(input: { code: string, clientId: string, redirectUri: string, verifier: string | null }): Tokens | Refusal {
      const key = sha256(input.code)
      const code = state.codes[key]
      if (!code) return { refused: 'The authorization code is not known', because: 'unknown' }
      if (code.grantId !== null) {
        // Section 4.1.2: a second use means that somebody else has the code, so nobody keeps the tokens.
        end(code.grantId)
        return { refused: 'The authorization code was used before', because: 'reused' }
      }
      Reflect.deleteProperty(state.codes, key)
      save()
      if (code.expiresAt <= now()) return { refused: 'The authorization code has expired', because: 'expired' }
      if (code.clientId !== input.clientId) return { refused: 'The authorization code belongs to another client', because: 'other_client' }
      if (code.redirectUri !== input.redirectUri) return { refused: 'The redirect_uri is not the one of the authorization', because: 'other_redirect' }
      // A verifier without a challenge is refused too (RFC 9700 section 2.1.1): it would hide that PKCE was left out.
      if (code.challenge === null ? input.verifier !== null : input.verifier === null || !same(code.challenge, s256(input.verifier))) {
        return { refused: 'The code_verifier does not match the challenge', because: 'verifier' }
      }

      const grantId = randomUUID()
      state.grants[grantId] = { createdAt: now(), subject: code.subject }
      state.codes[key] = { ...code, grantId }
      return issue(grantId, 'main')
    },

    /** Another pair for a grant: a person's beside a bot's. */
    issueChain: issue,

    /** Rotation with reuse detection (RFC 9700 section 4.14.2): a token that comes twice ends its grant. */
    refresh(refreshToken: string): Tokens | Refusal {
      const token = state.refreshTokens[sha256(refreshToken)]
      if (!token) return { refused: 'The refresh token is not known', because: 'unknown' }
      if (token.rotated) {
        end(token.grantId)
        return { refused: 'The refresh token was used before', because: 'reused' }
      }
      token.rotated = true
      if (options.endsOldAccessToken) {
        for (const [key, access] of Object.entries(state.accessTokens)) {
          if (access.grantId === token.grantId && access.chain === token.chain) Reflect.deleteProperty(state.accessTokens, key)
        }
      }
      return issue(token.grantId, token.chain)
    },

    end,

    /** The grant of an access or refresh token, ended with all that hangs on it. False when there is none. */
    revoke(token: string): boolean {
      const found = state.refreshTokens[sha256(token)] ?? state.accessTokens[sha256(token)]
      if (found) end(found.grantId)
      return found !== undefined
    },

    /** One chain of a grant, by its access token; with its last one the grant ends. False when there is none. */
    revokeChain(accessToken: string): boolean {
      const found = state.accessTokens[sha256(accessToken)]
      if (!found) return false
      for (const tokens of [state.accessTokens, state.refreshTokens]) {
        for (const [key, { grantId, chain }] of Object.entries(tokens)) {
          if (grantId === found.grantId && chain === found.chain) Reflect.deleteProperty(tokens, key)
        }
      }
      const left = [...Object.values(state.accessTokens), ...Object.values(state.refreshTokens)].some(token => token.grantId === found.grantId)
      if (!left) Reflect.deleteProperty(state.grants, found.grantId)
      save()
      return true
    },

    /** The living, oldest first. */
    list(): { id: string, subject: string, createdAt: number }[] {
      return Object.entries(state.grants).map(([id, grant]) => ({ id, ...grant })).sort((a, b) => a.createdAt - b.createdAt)
    },

    /** Ends the time of its access tokens; it can still be renewed. */
    expire(grantId: string): void {
      for (const token of Object.values(state.accessTokens)) if (token.grantId === grantId) token.expiresAt = Math.min(now(), token.expiresAt ?? now())
      save()
    },

    /** Whether an access token is at the end of its time, and its grant alive. */
    hasExpired(accessToken: string): boolean {
      const token = state.accessTokens[sha256(accessToken)]
      return token !== undefined && token.expiresAt !== null && token.expiresAt <= now() && Object.hasOwn(state.grants, token.grantId)
    },

    /** Gives grants another reach; null ends one. */
    rewrite(change: (subject: string) => string | null): void {
      for (const [grantId, grant] of Object.entries(state.grants)) {
        const subject = change(grant.subject)
        if (subject === null) Reflect.deleteProperty(state.grants, grantId)
        else grant.subject = subject
      }
      save()
    },

    /** Ends the grants of these subjects, as an uninstallation does; without a choice, all. @returns how many */
    endAll(chosen: (subject: string) => boolean = () => true): number {
      const ended = Object.entries(state.grants).filter(([, grant]) => chosen(grant.subject))
      for (const [grantId] of ended) Reflect.deleteProperty(state.grants, grantId)
      save()
      return ended.length
    },

    /** What a live access token may do, or null. */
    find(accessToken: string): { grantId: string, subject: string, chain: string } | null {
      const token = state.accessTokens[sha256(accessToken)]
      const grant = token && state.grants[token.grantId]
      if (!token || !grant || (token.expiresAt !== null && token.expiresAt <= now())) return null
      return { grantId: token.grantId, subject: grant.subject, chain: token.chain }
    },
  }
}
