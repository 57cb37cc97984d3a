import { parseMigration, type Migration } from '#server/database/migrations'
import { allConnectors } from '#server/connectors/registry'
import { start, stop, whenReady } from '#server/startup'
import { EnvironmentError, loadEnv, type Env } from '#server/utils/env'
import { captureConsole, log } from '#server/utils/log'

/**
 * Nitro does not wait for a plugin: requests do, below. A start that fails ends the process, so that whoever supervises
 * it sees that.
 */
export default defineNitroPlugin((nitro) => {
  captureConsole(console)
  start({ env: environment(), migrations: bundledMigrations, patienceMs: import.meta.dev ? 15_000 : 3_000 }).catch(async (error: unknown) => {
    log.error(error instanceof Error ? error.message : 'start failed', { error })
    await stop()
    process.exit(1)
  })
  nitro.hooks.hook('request', () => whenReady())
  nitro.hooks.hook('close', () => stop())
})

function environment(): Env {
  try {
    return loadEnv(allConnectors())
  }
  catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

async function bundledMigrations(): Promise<Migration[]> {
  const storage = useStorage('assets:migrations')
  const files = (await storage.getKeys()).filter(key => key.endsWith('.sql')).sort()
  return Promise.all(files.map(async file => parseMigration(file, String(await storage.getItem(file)))))
}
