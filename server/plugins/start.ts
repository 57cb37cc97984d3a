import { parseMigration, type Migration } from '#server/database/migrations'
import { allConnectors } from '#server/connectors/registry'
import { prepareToStop, start, stop, STOP_LIMIT_MS, whenReady } from '#server/startup'
import { allowShutdown, EnvironmentError, loadEnv, type Env } from '#server/utils/env'
import { keepConnections } from '#server/utils/keep-alive'
import { captureConsole, log } from '#server/utils/log'

/**
 * Nitro does not wait for a plugin: requests do, below. A start that fails ends the process, so that whoever supervises
 * it sees that.
 */
export default defineNitroPlugin((nitro) => {
  captureConsole(console)
  keepConnections()
  start({ env: environment(), migrations: bundledMigrations, patienceMs: import.meta.dev ? 15_000 : 3_000 }).catch(async (error: unknown) => {
    log.error(error instanceof Error ? error.message : 'start failed', { error })
    await stop()
    process.exit(1)
  })
  nitro.hooks.hook('request', () => whenReady())
  nitro.hooks.hook('close', () => stop())
  if (!import.meta.dev) endOnSignals()
})

/** Milliseconds: what comes sooner is the same wish, which npm passes on beside the terminal. */
const SAME_WISH_MS = 1_000

/** Nitro takes the first signal for the wish to end, and hears no other; who asks twice does not want to wait. */
function endOnSignals(): void {
  allowShutdown(STOP_LIMIT_MS)
  let askedAt: number | null = null
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      askedAt ??= performance.now()
      if (performance.now() - askedAt > SAME_WISH_MS) process.exit(1)
      prepareToStop()
    })
  }
}

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
