/**
 * `npm run doctor`: checks a deployment from the machine that it runs on, with the environment that it runs with. Changes
 * nothing and prints no secret. `--json` prints the results as an array. Exits with 1 when a check failed.
 */
import process from 'node:process'
import { readMigrations } from './lib/lite-database.ts'
import { load } from './lib/server.ts'

const { allConnectors } = await load<typeof import('../server/connectors/registry.ts')>('connectors/registry')
const { createContext } = await load<typeof import('../server/doctor/context.ts')>('doctor/context')
const { examine } = await load<typeof import('../server/doctor/index.ts')>('doctor/index')
const { keyCensus } = await load<typeof import('../server/doctor/key-census.ts')>('doctor/key-census')
const { failed, report } = await load<typeof import('../server/doctor/report.ts')>('doctor/report')

const { context, close } = createContext(allConnectors(), {
  port: process.env.NITRO_PORT ?? process.env.PORT ?? null,
  migrations: readMigrations,
  keyCensus,
  now: Date.now,
})
const results = await examine(context).finally(close)
console.log(process.argv.includes('--json') ? JSON.stringify(results, null, 2) : report(results))
// After closing: PGlite sets the exit code to 0 when it ends.
process.exitCode = failed(results) ? 1 : 0
