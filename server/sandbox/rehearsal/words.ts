/** The control page's sentences. */
import type { Fault, FaultKind } from './faults'
import type { Outcome } from './commands'

export const faultWords: Readonly<Record<FaultKind, { label: string, note: string }>> = {
  rate_limited: { label: 'Rate limit', note: 'Too many calls, in the provider\'s own words and headers. The number: seconds until it takes calls again.' },
  slow: { label: 'Slow down', note: 'Every answer comes late. The number: milliseconds.' },
  server_error: { label: 'Server error', note: 'The provider fails, in its own words.' },
  html: { label: 'Garbage: a web page', note: '200 with HTML, as a proxy or a login wall sends it.' },
  empty: { label: 'Garbage: nothing', note: '200 with an empty body.' },
  wrong_shape: { label: 'Garbage: another shape', note: '200 with JSON that nobody expects.' },
  huge: { label: 'Garbage: 50 MB', note: '200 with JSON that goes on and on.' },
  endless: { label: 'Garbage: pages without end', note: 'Every list has a further page.' },
  denied: { label: 'Deny consent', note: 'Whoever approves on the consent page is taken to have denied.' },
}

export const placeWords: Readonly<Record<Fault['where'], string>> = { all: 'everywhere', token: 'at the token endpoint', api: 'at the API' }

/** `Rate limit (30 s) at the API, for 3 more calls`. */
export function faultSentence({ kind, where, calls, amount }: Fault): string {
  const number = kind === 'slow' ? ` (${amount} ms)` : kind === 'rate_limited' ? ` (${amount} s)` : ''
  const place = kind === 'denied' ? '' : ` ${placeWords[where]}`
  return `${faultWords[kind].label}${number}${place}, ${calls === null ? 'until it is switched off' : `for ${calls} more ${calls === 1 ? 'call' : 'calls'}`}`
}

const doneWords: Readonly<Record<Exclude<Outcome['done'], 'told'>, string>> = {
  switched: 'The faults are changed.',
  acted: 'Done.',
  reset: 'Everything is reset: no fault is on, and no grant is left.',
  gone: 'That grant is gone already.',
}

export function outcomeSentence(outcome: Outcome): string {
  if (outcome.done !== 'told') return doneWords[outcome.done]
  const { status } = outcome
  if (status === null) return 'Done. The application could not be told: nobody answered at its webhook address.'
  return status < 300 ? `Done, and the application was told: it answered ${status}.` : `Done. The application was told, and refused to hear it: it answered ${status}.`
}
