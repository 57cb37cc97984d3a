/** `npm run doctor`: every check of a deployment, one after the other; none hides another. */
import { address } from './checks/address'
import { clock } from './checks/clock'
import { dataApi } from './checks/data-api'
import { database } from './checks/database'
import { disk } from './checks/disk'
import { environment } from './checks/environment'
import { keys } from './checks/keys'
import { migrations } from './checks/migrations'
import { node } from './checks/node'
import { providers } from './checks/providers'
import { queue } from './checks/queue'
import { redirects } from './checks/redirects'
import { schema } from './checks/schema'
import { webhooks } from './checks/webhooks'
import { Fault, Skipped, type Check, type Context, type Result } from './contract'
import { reasonOf } from './reason'

/** In the order of what rests on what. The clock is asked last: the others meet the clocks that it compares. */
const checks: readonly Check[] = [environment, node, disk, database, migrations, schema, dataApi, keys, queue, address, redirects, webhooks, providers, clock]

export async function examine(context: Context, list: readonly Check[] = checks): Promise<Result[]> {
  const results: Result[] = []
  for (const check of list) results.push(...await run(check, context))
  return results
}

async function run({ name, run }: Check, context: Context): Promise<Result[]> {
  try {
    const found = await run(context)
    if (typeof found === 'string') return [{ name, ok: true, detail: found }]
    return found.map(result => ({ name, ...result }))
  }
  catch (error) {
    if (error instanceof Skipped) return [{ name, ok: 'skipped', detail: error.message }]
    if (error instanceof Fault) return [{ name, ok: false, detail: error.message, fix: error.fix }]
    return [{ name, ok: false, detail: `could not be checked: ${reasonOf(error)}`, fix: 'mend what it says and run this again' }]
  }
}
