import { describe, expect, it } from 'vitest'
import { until } from '../../support/until.ts'

describe('until', () => {
  it('returns the first answer that is one, after errors too', async () => {
    let asked = 0
    const answer = await until(() => {
      asked += 1
      if (asked === 1) throw new Error('not yet')
      return asked > 3 && 'here'
    }, { intervalMs: 1 })
    expect([answer, asked]).toEqual(['here', 4])
  })

  it('takes 0 and the empty string for answers', async () => {
    expect(await until(() => 0)).toBe(0)
  })

  it('fails at the deadline, with what it waited for and the last error', async () => {
    const failure = until(() => { throw new Error('away') }, { timeoutMs: 20, intervalMs: 1, what: 'a light' })
    await expect(failure).rejects.toMatchObject({ message: 'Waited 20 ms for a light', cause: { message: 'away' } })
  })
})
