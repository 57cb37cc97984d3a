import { describe, expect, it } from 'vitest'
import { nextRun, scheduleFault, scheduleInWords } from '#server/utils/schedule'

describe('scheduleFault', () => {
  it.each(['0 6 * * *', '*/5 * * * *', '0 0 1 1 *', '30 4 * * 1-5', '0 0 29 2 *', '0 6 * * MON', ' 0 6 * * * '])('takes %j', text => expect(scheduleFault(text)).toBeNull())

  it.each([
    ['', 'five fields'], ['0 6 * *', 'five fields'], ['0 0 6 * * *', 'five fields'], ['@daily', 'five fields'], ['0 6 * * * 2030', 'five fields'],
    ['60 6 * * *', 'not a cron expression'], ['0 24 * * *', 'not a cron expression'], ['x 6 * * *', 'not a cron expression'], ['0 6 * * 9', 'not a cron expression'], ['0 6 0 * *', 'not a cron expression'],
    ['0 0 30 2 *', 'never comes due'],
  ])('refuses %j: %s', (text, fault) => expect(scheduleFault(text)).toContain(fault))
})

describe('nextRun', () => {
  it.each([
    ['0 6 * * *', '2026-01-01T05:59:59Z', '2026-01-01T06:00:00.000Z'], ['0 6 * * *', '2026-01-01T06:00:00Z', '2026-01-02T06:00:00.000Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    // UTC, whatever the clock of the machine: no hour is skipped or doubled in spring and autumn.
    ['30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-29T02:30:00.000Z'], ['30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T02:30:00.000Z'],
  ])('%s after %s is %s', (schedule, after, expected) => expect(nextRun(schedule, new Date(after))).toBe(expected))

  it.each(['x', '0 0 30 2 *'])('throws for %s', schedule => expect(() => nextRun(schedule, new Date())).toThrow())
})

describe('scheduleInWords', () => {
  it.each([['0 6 * * *', 'At 06:00, every day UTC'], ['not a schedule', 'not a schedule']])('%s: %s', (schedule, words) => expect(scheduleInWords(schedule)).toBe(words))
})
