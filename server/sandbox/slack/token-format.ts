/**
 * Slack tells a token that ended from one that was revoked and one that never was. The stand-in keeps no list of the dead, so
 * the time of a token's end stands in the token.
 */
const format = /^(?:xoxe\.)?xox[bp]-sandbox-(\d+|never)-/

/** @param endsAt milliseconds; null: never */
export function prefixesOf(chain: string, endsAt: number | null): { access: string, refresh: string } {
  const kind = chain === 'user' ? 'xoxp' : 'xoxb'
  return { access: `${endsAt === null ? '' : 'xoxe.'}${kind}-sandbox-${endsAt ?? 'never'}-`, refresh: 'xoxe-1-sandbox-' }
}

/** Why a token that is not alive is not. */
export function deathOf(token: string, now: number): 'invalid_auth' | 'token_expired' | 'token_revoked' {
  const end = format.exec(token)?.[1]
  if (end === undefined) return 'invalid_auth'
  return end !== 'never' && Number(end) <= now ? 'token_expired' : 'token_revoked'
}
