/** A clock that a test moves on. It goes on by itself too, and only ever forward: other rooms remember what they saw. */
import { vi } from 'vitest'

export interface Clock { pass: (milliseconds: number) => void, stop: () => void }

export const minutes = (count: number) => count * 60_000
export const hours = (count: number) => count * 3_600_000
export const days = (count: number) => count * 86_400_000

/** `Date` only: timers, and the database's clock, stay what they are. */
export function startClock(): Clock {
  vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true })
  return {
    pass: milliseconds => void vi.setSystemTime(Date.now() + milliseconds),
    stop: () => void vi.useRealTimers(),
  }
}
