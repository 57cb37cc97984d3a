import { z } from 'zod'
import { Fault, Skipped, type Check, type Clock, type Context } from '../contract'
import { skewBetween } from '../outgoing'

/** Leases and the ends of tokens rest on clocks that agree. */
const MOST_SKEW_MS = 30_000
const inSeconds = (ms: number) => `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms < 0 ? 'behind' : 'ahead'}`

async function databaseClock({ query, now }: Context): Promise<Clock[]> {
  try {
    await query('select 1')
    const since = now()
    const [row] = await query('select extract(epoch from clock_timestamp()) * 1000 as at')
    const at = z.coerce.number().parse(row?.at)
    return [{ whose: 'the database', skewMs: skewBetween(at, at, since, now()) }]
  }
  catch (error) {
    if (error instanceof Skipped) return []
    throw error
  }
}

export const clock: Check = {
  name: 'clock',
  async run(context) {
    context.env()
    const clocks = [...await databaseClock(context), ...context.clocks]
    if (clocks.length === 0) throw new Skipped('nobody else\'s clock could be read')
    const off = clocks.filter(({ skewMs }) => Math.abs(skewMs) > MOST_SKEW_MS)
    if (off.length > 0) {
      throw new Fault(off.map(({ whose, skewMs }) => `${whose} is ${inSeconds(skewMs)} of this machine`).join(', '),
        off.length === clocks.length ? 'set this machine\'s clock (NTP)' : 'set the clocks of these machines (NTP)')
    }
    return `agrees with ${[...new Set(clocks.map(({ whose }) => whose))].join(', ')}`
  },
}
