import { readQueueFacts } from '#server/queue/inspect'
import { Fault, Skipped, type Check } from '../contract'

/** A worker looks every second: what waits longer waits for nobody. */
const LONGEST_WAIT_SECONDS = 5 * 60

export const queue: Check = {
  name: 'queue',
  async run(context) {
    const facts = await readQueueFacts(context.query)
    if (!facts) throw new Skipped('its tables are not there yet; the first start makes them')
    const { version, waiting, retrying, active, failed, oldestWaitingSeconds } = facts
    const counts = `pg-boss schema ${version}: ${waiting} waiting, ${retrying} to be tried again, ${active} running, ${failed} failed in the last day`
    if (oldestWaitingSeconds !== null && oldestWaitingSeconds > LONGEST_WAIT_SECONDS) {
      throw new Fault(`${counts}; the oldest job waits for ${Math.round(oldestWaitingSeconds / 60)} minutes`, 'start a process that takes jobs (WORKER=1, or npm run worker) and look at its log')
    }
    return counts
  },
}
