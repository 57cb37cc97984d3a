import { Cron } from 'croner'
import cronstrue from 'cronstrue'

/** Five fields (minute hour day month weekday), UTC. */
const FIELDS = /^\S+(\s+\S+){4}$/

/** Why a schedule can't be used, or null when it can. */
export function scheduleFault(schedule: string): string | null {
  if (!FIELDS.test(schedule.trim())) return 'must have five fields: minute hour day month weekday'
  try {
    return new Cron(schedule, { timezone: 'UTC', paused: true }).nextRun() ? null : 'never comes due'
  }
  catch {
    return 'is not a cron expression'
  }
}

/**
 * The first time after `after` at which a schedule comes due, ISO 8601.
 * @throws when the schedule is unreadable: see scheduleFault
 */
export function nextRun(schedule: string, after: Date): string {
  const next = new Cron(schedule, { timezone: 'UTC', paused: true }).nextRun(after)
  if (!next) throw new Error('The schedule never comes due')
  return next.toISOString()
}

/** Lists say the same few schedules again and again, and each takes a parser some time. */
const known = new Map<string, string>()

/** `At 06:00, every day UTC`. A schedule that can't be put in words is given as it is. */
export function scheduleInWords(schedule: string): string {
  const before = known.get(schedule)
  if (before !== undefined) return before
  const words = cronstrue.toString(schedule, { throwExceptionOnParseError: false, verbose: true, use24HourTimeFormat: true })
  const text = words.startsWith('An error occurred') ? schedule : `${words} UTC`
  if (known.size >= 1_000) known.clear()
  known.set(schedule, text)
  return text
}
