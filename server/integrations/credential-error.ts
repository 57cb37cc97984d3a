import type { OAuthError } from '#server/errors'

/** The credential can't be had: the class says whether that will pass. */
export class CredentialError extends Error {
  override name = 'CredentialError'
  constructor(readonly failure: OAuthError['failure'], readonly code: string, options: { cause?: unknown } = {}) {
    super(`credential unavailable: ${failure} (${code})`, options)
  }
}
