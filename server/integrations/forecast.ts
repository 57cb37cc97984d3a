/**
 * When a connection ends if nothing happens: each cause with its time, as far as it is known. Pure: what is known of the
 * integration, its provider and its people comes in, nothing is asked.
 */
import type { ForecastCause } from '#shared/vocabulary'

export interface ForecastItem {
  cause: ForecastCause
  /** ISO 8601; null: it may happen, nobody knows when. */
  at: string | null
  sentence: string
  /** Somebody named this time (the provider, the operator); false: counted from the provider's documentation. */
  certain: boolean
}
export interface Forecast {
  /** The earliest of the causes. */
  ends_at: string | null
  /** Earliest first, those without a time last. */
  causes: ForecastItem[]
}

export interface ForecastFacts {
  /** The provider's name, for the sentences. */
  provider: string
  lastSuccessAt: string | null
  /** Of the access token. */
  expiresAt: string | null
  /** Whether there is something to renew it with; undefined: nobody noted. */
  renewable?: boolean
  /** Of the refresh token, where the provider names it. */
  refreshExpiresAt: string | null
  /** When it came; what kept it does not count. Null: nobody noted. */
  refreshIssuedAt: string | null
  lifetimes?: { idleSeconds?: number, refreshTokenSeconds?: number }
  /** Of our registration there. */
  clientSecretExpires: string | null
  /** Who connected it is a member still. */
  connectedByMember: boolean
}

export function forecast(facts: ForecastFacts): Forecast {
  const causes = [...found(facts)].sort((a, b) => timeOf(a) - timeOf(b))
  return { ends_at: causes[0]?.at ?? null, causes }
}

function timeOf({ at }: ForecastItem): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at)
}

function* found(facts: ForecastFacts): Generator<ForecastItem> {
  const { provider, lifetimes = {} } = facts
  const renewable = facts.renewable !== false
  const refreshEnd = iso(facts.refreshExpiresAt) ?? later(facts.refreshIssuedAt, lifetimes.refreshTokenSeconds)
  if (renewable && refreshEnd !== null) {
    yield {
      cause: 'refresh_token_end', at: refreshEnd, certain: iso(facts.refreshExpiresAt) !== null,
      sentence: `${provider} ends the grant then, unless it gives a new refresh token before; where each renewal brings one, that happens by itself while this installation runs. Otherwise reconnect before.`,
    }
  }
  const accessEnd = iso(facts.expiresAt)
  if (!renewable && accessEnd !== null) {
    yield { cause: 'access_token_end', at: accessEnd, certain: true, sentence: `The credential ends then, and ${provider} gave nothing to renew it with: reconnect before.` }
  }
  const idleEnd = later(facts.lastSuccessAt, lifetimes.idleSeconds)
  if (idleEnd !== null) {
    yield { cause: 'idle_limit', at: idleEnd, certain: false, sentence: `${provider} ends connections that nobody used for that long; every scan is a use.` }
  }
  const secretEnd = iso(facts.clientSecretExpires)
  if (secretEnd !== null) {
    yield { cause: 'application_secret_end', at: secretEnd, certain: true, sentence: `The client secret of this installation's app at ${provider} ends then: the operator has to set a new one before.` }
  }
  if (!facts.connectedByMember) {
    yield { cause: 'connected_by_left', at: null, certain: false, sentence: `It was connected by somebody who has left; ${provider} may end it when their account there goes. Reconnect it as somebody who stays.` }
  }
}

/** Null for nothing, and for what is no time: a forecast names none rather than a wrong one. */
function iso(text: string | null): string | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

function later(from: string | null, seconds: number | undefined): string | null {
  const start = iso(from)
  return start === null || seconds === undefined ? null : new Date(Date.parse(start) + seconds * 1000).toISOString()
}
