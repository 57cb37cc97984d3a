import { describe, expect, it } from 'vitest'
import { Suspicion } from '#server/integrations/suspicion'

const ids = ['a', 'b']
const seconds = (count: number) => count * 1000

/** One attempt, from its beginning to its end. */
function attempt(suspicion: Suspicion, answered: boolean | null, now: number): void {
  suspicion.began('a')
  suspicion.ended('a', answered, now)
}

function suspected(): Suspicion {
  const suspicion = new Suspicion()
  for (let failures = 0; failures < 3; failures++) attempt(suspicion, false, 0)
  return suspicion
}

describe('Suspicion', () => {
  it('trusts whom it does not know, and who failed less than three times in a row', () => {
    const suspicion = new Suspicion()
    expect(suspicion.admit(ids, 0)).toEqual({ trusted: ids, onTrial: [] })
    for (const answered of [false, false, true, false, false]) attempt(suspicion, answered, 0)
    expect(suspicion.admit(ids, 0)).toEqual({ trusted: ids, onTrial: [] })
  })

  it('tries who failed three times in a row after a pause, one attempt at a time', () => {
    const suspicion = suspected()
    expect(suspicion.admit(ids, seconds(30) - 1)).toEqual({ trusted: ['b'], onTrial: [] })
    expect(suspicion.admit(ids, seconds(30))).toEqual({ trusted: ['b'], onTrial: ['a'] })
    suspicion.began('a')
    expect(suspicion.admit(ids, seconds(3_600))).toEqual({ trusted: ['b'], onTrial: [] })
  })

  it('doubles the pause with each further failure, to five minutes', () => {
    const suspicion = suspected()
    let now = seconds(30)
    for (const pause of [60, 120, 240, 300, 300, 300]) {
      attempt(suspicion, false, now)
      expect(suspicion.admit(ids, now + seconds(pause) - 1).onTrial).toEqual([])
      now += seconds(pause)
      expect(suspicion.admit(ids, now).onTrial).toEqual(['a'])
    }
  })

  it('trusts again after one answer, good or bad', () => {
    const suspicion = suspected()
    attempt(suspicion, true, seconds(30))
    expect(suspicion.admit(ids, seconds(30))).toEqual({ trusted: ids, onTrial: [] })
  })

  it('learns nothing from an attempt in which the provider was not asked', () => {
    const suspicion = suspected()
    attempt(suspicion, null, seconds(30))
    expect(suspicion.admit(ids, seconds(30))).toEqual({ trusted: ['b'], onTrial: ['a'] })
    const fresh = new Suspicion()
    for (let times = 0; times < 9; times++) attempt(fresh, null, 0)
    expect(fresh.admit(ids, 0).trusted).toEqual(ids)
  })

  it('counts those that were under way when the trouble began', () => {
    const suspicion = new Suspicion()
    for (let lanes = 0; lanes < 8; lanes++) suspicion.began('a')
    for (let lanes = 0; lanes < 7; lanes++) suspicion.ended('a', false, 0)
    expect(suspicion.admit(['a'], seconds(3_600))).toEqual({ trusted: [], onTrial: [] })
    suspicion.ended('a', false, 0)
    expect(suspicion.admit(['a'], seconds(3_600))).toEqual({ trusted: [], onTrial: ['a'] })
  })
})
