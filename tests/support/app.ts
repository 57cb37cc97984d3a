/** The built app as a process: started, watched, killed and started again on the same folder. */
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { startNode, type Child, type Exit } from './child.ts'
import { freePort } from './free-port.ts'
import { tempDir } from './temp-dir.ts'
import { until } from './until.ts'

export const serverEntry = join(import.meta.dirname, '../../.output/server/index.mjs')

export interface AppOptions {
  /** On top of the defaults; a variable set to undefined is left out. */
  env?: Record<string, string | undefined>
  /** Kept afterwards. Default: a new one, removed by `stop`. */
  dataDir?: string
  /** The new one holds nothing yet, as at the very first start. Default: it is a copy of one that has all tables and a key. */
  empty?: boolean
  port?: number
  /** Default 50 000. */
  readyTimeoutMs?: number
}

export interface TestApp {
  /** `http://localhost:<port>`: what a browser opens, and APP_URL. */
  url: string
  port: number
  dataDir: string
  pid: () => number
  /** Everything written since the first start. */
  output: () => string
  /** The lines of the log that are JSON. */
  logs: () => Record<string, unknown>[]
  running: () => boolean
  /** kill -9, by default. Returns when it is gone; fails when that takes longer. */
  kill: (signal?: NodeJS.Signals, timeoutMs?: number) => Promise<Exit>
  /** Starts it again, on the same folder and port, until healthy. */
  restart: (env?: Record<string, string | undefined>) => Promise<void>
  /** SIGTERM, and the folder is removed if it was made here. */
  stop: () => Promise<void>
}

function environment(url: string, port: number, dataDir: string, extra: AppOptions['env']): Record<string, string> {
  const wanted = {
    NODE_ENV: 'production',
    NITRO_HOST: '127.0.0.1',
    NITRO_PORT: String(port),
    APP_URL: url,
    DATA_DIR: dataDir,
    ...extra,
  }
  return Object.fromEntries(Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** The environment with which `startApp` starts, for a run that is meant to fail (`runNode([serverEntry], ...)`). */
export async function appEnvironment(dataDir: string, extra: AppOptions['env'] = {}): Promise<Record<string, string>> {
  const port = await freePort()
  return environment(`http://localhost:${port}`, port, dataDir, extra)
}

/** Outside of a test run (the run's own preparation) there is nothing to inject. */
async function prepared(): Promise<{ preparedDataDir?: string | null }> {
  const { inject } = await import('vitest')
  return { preparedDataDir: inject('preparedDataDir') }
}

/** Starts the built app and waits until /api/health answers 200. @throws with its output when it does not */
export async function startApp(options: AppOptions = {}): Promise<TestApp> {
  if (!existsSync(serverEntry)) throw new Error('There is no build. To fix: npm run build (npm test does it by itself).')
  const made = options.dataDir === undefined ? await tempDir('data') : null
  const dataDir = options.dataDir ?? made?.path ?? ''
  const { preparedDataDir } = made && !options.empty && !options.env?.SUPABASE_URL && !options.env?.ENCRYPTION_KEY ? await prepared() : {}
  if (preparedDataDir) await cp(preparedDataDir, dataDir, { recursive: true })
  const port = options.port ?? await freePort()
  const url = `http://localhost:${port}`
  let before = ''
  let child: Child

  async function start(extra: AppOptions['env']): Promise<void> {
    // As `npm start` does.
    child = startNode(['--max-semi-space-size=8', serverEntry], environment(url, port, dataDir, { ...options.env, ...extra }))
    try {
      await until(() => !child.running() || isHealthy(port), { timeoutMs: options.readyTimeoutMs ?? 50_000, intervalMs: 50, what: 'the app to be healthy' })
    }
    catch (error) {
      await child.end('SIGKILL')
      throw new Error(`The app did not become healthy:\n${child.output()}`, { cause: error })
    }
    if (!child.running()) throw new Error(`The app ended instead of starting:\n${child.output()}`)
  }

  const output = () => before + child.output()
  try {
    await start({})
  }
  catch (error) {
    await made?.remove()
    throw error
  }
  return {
    url,
    port,
    dataDir,
    pid: () => child.pid,
    output,
    logs: () => output().split('\n').flatMap(parseLine),
    running: () => child.running(),
    kill: (signal = 'SIGKILL', timeoutMs) => child.end(signal, timeoutMs),
    restart: async (env = {}) => {
      if (child.running()) throw new Error('The app is running: kill it before you restart it.')
      before = output()
      await start(env)
    },
    stop: async () => {
      try {
        await child.end('SIGTERM')
      }
      finally {
        await made?.remove()
      }
    },
  }
}

async function isHealthy(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/api/health`, { signal: AbortSignal.timeout(5_000) })
  await response.arrayBuffer()
  return response.status === 200
}

function parseLine(line: string): Record<string, unknown>[] {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? [{ ...parsed }] : []
  }
  catch {
    return []
  }
}
