/**
 * The life of a grant: consent, code, tokens, rotation, end. Each verb changes the state and saves it before it answers,
 * without an await between, so that two requests cannot both win.
 */
import { randomUUID } from 'node:crypto'
import type { SandboxStore } from '../store'
import { s256, same, secret, sha256 } from './hash'
import { loadState, prune } from './state'

const tenMinutes = 600_000

export interface TokenPair { accessToken: string, refreshToken: string, expiresIn: number }
/** Why no tokens are given. */
export interface Refusal { refused: string }

export type Grants = ReturnType<typeof openGrants>

/** @throws Error when the stored state is damaged */
export function openGrants(options: { store: SandboxStore, now: () => number, accessTokenLifetimeSeconds: number }) {
  const { store, now, accessTokenLifetimeSeconds } = options
  const state = loadState(store)

  function save(): void {
    prune(state, now())
    store.save(state)
  }

  function issue(grantId: string): TokenPair {
    const accessToken = secret('sbp_sandbox_')
    const refreshToken = secret('sbr_sandbox_')
    state.accessTokens[sha256(accessToken)] = { grantId, expiresAt: now() + accessTokenLifetimeSeconds * 1000 }
    state.refreshTokens[sha256(refreshToken)] = { grantId, rotated: false }
    save()
    return { accessToken, refreshToken, expiresIn: accessTokenLifetimeSeconds }
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

    issueCode(bound: { clientId: string, redirectUri: string, challenge: string }): string {
      const code = secret('code_')
      state.codes[sha256(code)] = { ...bound, expiresAt: now() + tenMinutes, grantId: null }
      save()
      return code
    },

    /** RFC 6749 section 4.1.3, RFC 7636 section 4.6. A code is spent by its first use, whatever that use ends in. */
    redeem(input: { code: string, clientId: string, redirectUri: string, verifier: string }): TokenPair | Refusal {
      const key = sha256(input.code)
      const code = state.codes[key]
      if (!code) return { refused: 'The authorization code is not known' }
      if (code.grantId !== null) {
        // Section 4.1.2: a second use means that somebody else has the code, so nobody keeps the tokens.
        end(code.grantId)
        return { refused: 'The authorization code was used before' }
      }
      Reflect.deleteProperty(state.codes, key)
      save()
      if (code.expiresAt <= now()) return { refused: 'The authorization code has expired' }
      if (code.clientId !== input.clientId) return { refused: 'The authorization code belongs to another client' }
      if (code.redirectUri !== input.redirectUri) return { refused: 'The redirect_uri is not the one of the authorization' }
      if (!same(code.challenge, s256(input.verifier))) return { refused: 'The code_verifier does not match the challenge' }

      const grantId = randomUUID()
      state.grants[grantId] = { createdAt: now() }
      state.codes[key] = { ...code, grantId }
      return issue(grantId)
    },

    /** Rotation with reuse detection (RFC 9700 section 4.14.2): a token that comes twice ends its grant. */
    refresh(refreshToken: string): TokenPair | Refusal {
      const token = state.refreshTokens[sha256(refreshToken)]
      if (!token) return { refused: 'The refresh token is not known' }
      if (token.rotated) {
        end(token.grantId)
        return { refused: 'The refresh token was used before' }
      }
      token.rotated = true
      return issue(token.grantId)
    },

    /** False when there is no such grant. */
    revoke(refreshToken: string): boolean {
      const token = state.refreshTokens[sha256(refreshToken)]
      if (token) end(token.grantId)
      return token !== undefined
    },

    allows(accessToken: string): boolean {
      const token = state.accessTokens[sha256(accessToken)]
      return token !== undefined && token.expiresAt > now() && Object.hasOwn(state.grants, token.grantId)
    },
  }
}
