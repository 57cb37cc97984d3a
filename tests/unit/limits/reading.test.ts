/** What each provider's answers say of its bucket, in its own way of writing it. */
import { describe, expect, it } from 'vitest'
import { github } from '#server/connectors/github'
import { netlify } from '#server/connectors/netlify'
import { slack } from '#server/connectors/slack'
import { supabase } from '#server/connectors/supabase'
import { vercel } from '#server/connectors/vercel'
import { readRate, type Reading } from '#server/limits/reading'

const now = Date.parse('2026-11-26T10:00:00Z')
const epoch = now / 1000
const date = (secondsLater: number) => new Date(now + secondsLater * 1000).toUTCString()
const rate = (limit: string, remaining: string, reset: string | number) =>
  ({ 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': String(reset) })

const secondsLeft: readonly [string, Record<string, string>, Reading | null][] = [
  ['as documented', rate('120', '119', '60'), { limit: 120, remaining: 119, resetsIn: 60 }],
  ['with a fraction', rate('120', '0', '0.5'), { limit: 120, remaining: 0, resetsIn: 0.5 }],
  ['without the limit', { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '3' }, { remaining: 7, resetsIn: 3 }],
  ['a limit of nothing', rate('0', '0', '3'), { remaining: 0, resetsIn: 3 }],
  ['an epoch where seconds are due', rate('120', '119', epoch + 60), null],
  ['over at this moment', rate('120', '119', '0'), null],
]

const epochs: readonly [string, Record<string, string>, Reading | null][] = [
  ['as documented', rate('5000', '4999', epoch + 1800), { limit: 5000, remaining: 4999, resetsIn: 1800 }],
  ['by a clock that is ahead of ours', { ...rate('5000', '4999', epoch + 100), date: date(90) }, { limit: 5000, remaining: 4999, resetsIn: 10 }],
  ['by a clock that is behind ours', { ...rate('5000', '4999', epoch + 10), date: date(-50) }, { limit: 5000, remaining: 4999, resetsIn: 60 }],
  ['with a date that is none', { ...rate('5000', '4999', epoch + 10), date: 'soon' }, { limit: 5000, remaining: 4999, resetsIn: 10 }],
  ['in the past', rate('5000', '0', epoch - 5), null],
  ['seconds left where an epoch is due', rate('5000', '4999', '60'), null],
  ['milliseconds', rate('5000', '4999', now + 1000), null],
  ['two days away', rate('5000', '0', epoch + 172_800), null],
]

const garbage: readonly [string, Record<string, string>][] = [
  ['nothing', {}],
  ['only what remains', { 'x-ratelimit-remaining': '5' }],
  ['only the reset', { 'x-ratelimit-reset': '5' }],
  ['a word', rate('many', 'some', 'soon')],
  ['below zero', rate('5000', '-1', '30')],
  ['an exponent', rate('5000', '1e3', '1e1')],
  ['twice the same header', rate('5000, 5000', '10, 10', '30, 30')],
  ['no number at all', rate('', '', '')],
]

describe.each([
  { connector: supabase, rows: secondsLeft },
  { connector: github, rows: [...epochs,
    ['of the bucket that is read', { ...rate('5000', '1', epoch + 9), 'x-ratelimit-resource': 'core' }, { limit: 5000, remaining: 1, resetsIn: 9 }],
    ['of another bucket', { ...rate('30', '0', epoch + 9), 'x-ratelimit-resource': 'search' }, null]] as typeof epochs },
  { connector: vercel, rows: epochs },
  { connector: netlify, rows: epochs },
])('$connector.id', ({ connector, rows }) => {
  const read = (headers: Record<string, string>) => readRate(new Headers(headers), connector.limits.headers, now)
  it.each(rows)('%s', (_, headers, reading) => expect(read(headers)).toEqual(reading))
  it.each(garbage)('garbage: %s', (_, headers) => expect(read(headers)).toBeNull())
})

it('slack: no answer says anything, whatever it carries', () => {
  expect(readRate(new Headers(rate('20', '1', '60')), slack.limits.headers, now)).toBeNull()
})
