/** How long one waits for the other, where a shorter wait would lose a credential. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LEASE_SECONDS, SENT_LEASE_SECONDS } from '#server/integrations/begun'
import { STORE_PATIENCE_MS } from '#server/integrations/patience'
import { ANSWER_MS, TURN_PATIENCE_MS } from '#server/integrations/redeem'
import { PATIENCE_MS } from '#server/integrations/refresh'
import { REDEEM_PATIENCE_MS, STOP_LIMIT_MS } from '#server/startup'

const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')

describe('a lease', () => {
  it('outlasts the wait for a turn, before the token goes out', () => expect(LEASE_SECONDS * 1000).toBeGreaterThan(TURN_PATIENCE_MS + 30_000))
  it('outlasts the call and the storing, from then on', () => expect(SENT_LEASE_SECONDS * 1000).toBeGreaterThan(ANSWER_MS + STORE_PATIENCE_MS))
  it('of a holder that died is outlasted by whoever waits', () => expect(PATIENCE_MS).toBeGreaterThan(SENT_LEASE_SECONDS * 1000))
})

describe('the end of a process', () => {
  it('waits for a call and its storing', () => expect(REDEEM_PATIENCE_MS).toBeGreaterThanOrEqual(ANSWER_MS + 10_000))
  it('is given that time, and some more', () => expect(STOP_LIMIT_MS).toBeGreaterThan(REDEEM_PATIENCE_MS))

  it('is left alone for longer by whoever started it, as the files say', () => {
    const graces = [...read('compose.yaml').matchAll(/stop_grace_period: (\d+)s/g)].map(match => Number(match[1]) * 1000)
    expect(graces).toHaveLength(2)
    for (const grace of graces) expect(grace).toBeGreaterThan(STOP_LIMIT_MS + 10_000)
    expect(read('docs/self-hosting.md')).toContain(`give a process ${Math.max(...graces) / 1000} seconds`)
    expect(read('docs/self-hosting.md')).toContain(`\`NITRO_SHUTDOWN_TIMEOUT\` unset or at ${STOP_LIMIT_MS} and more`)
  })
})
