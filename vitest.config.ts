import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

/** As Nuxt has them, see .nuxt/tsconfig.json. */
const alias = {
  '#server': `${root}server`,
  '#shared': `${root}shared`,
  '~': root.replace(/\/$/, ''),
}

interface Options {
  /** Folder below tests/; default: the project's name. */
  folder?: string
  timeoutMs: number
  /** Files at once: what a suite starts (app, database, browser) has to fit on two cores. */
  workers?: number
  databaseMode?: 'embedded' | 'supabase'
  /** With the embedded database. */
  startsApps?: boolean
  /** Files of the folder that this project leaves to another one. */
  without?: readonly string[]
}

/** The HTTP edge, files and commands: the same on either database, so that once is enough. */
const onTheEmbedded = ['alerts', 'audit-export', 'bad-answers', 'calendar', 'cross-sandbox', 'environment', 'health-api', 'install', 'rate-limits', 'rehearsal', 'routes-matrix', 'sandbox-off', 'scan-hostile', 'set-cookie']
/** Many processes, thousands of rows, or a database that a test changes beside the app: where it takes a real PostgreSQL. */
const onPostgres = ['kms', 'lock-order', 'no-entry-no-session', 'refresh-engine', 'refresh-outage', 'refresh-races', 'refresh-slots', 'refresh-verdicts', 'scan-kill', 'scan-resume', 'shutdown', 'token-answers', 'webhook-kill']
/**
 * What grants go through, on the database that production has. Policies, functions, migrations, sessions, scans, the log and all
 * that is always true are tried on both; so that the whole fits into twenty minutes, this is not.
 */
const onceIsEnough = [
  'ask-again', 'audit', 'connect', 'connect-role', 'delete-organization', 'key-refusal', 'minting', 'no-entry-no-deed', 'rate-limiter', 'receipts',
  'reconnect', 'refresh-limits', 'remove', 'remove-refresh', 'rotation', 'scan-credentials', 'scan-schedule', 'scan-worker', 'shared-access',
  'shrunken-grant', 'webhooks', 'webhooks-large', 'webhooks-late',
]

function project(name: string, { folder = name, timeoutMs, workers, databaseMode = 'embedded', startsApps = false, without = [] }: Options): TestProjectConfiguration {
  return {
    resolve: { alias },
    test: {
      name,
      include: [`tests/${folder}/**/*.test.ts`],
      exclude: without.map(file => `tests/${folder}/${file}.test.ts`),
      environment: 'node',
      pool: 'forks',
      maxWorkers: workers,
      testTimeout: timeoutMs,
      hookTimeout: Math.max(timeoutMs, 60_000),
      // What a page or a process shows in the end, on a machine that has other work too.
      expect: { poll: { timeout: Math.max(timeoutMs / 4, 5_000) } },
      unstubEnvs: true,
      restoreMocks: true,
      provide: { databaseMode },
      globalSetup: databaseMode === 'supabase' ? ['tests/support/global-postgres.ts'] : startsApps ? ['tests/support/global-embedded.ts'] : [],
    },
  }
}

/** scripts/test.ts runs them in stages; `npx vitest --project unit` works too. */
export default defineConfig({
  test: {
    projects: [
      project('unit', { timeoutMs: 10_000 }),
      project('contract', { timeoutMs: 20_000 }),
      project('architecture', { timeoutMs: 20_000 }),
      // Three on two cores: they wait for time limits and processes, too.
      project('integration', { timeoutMs: 60_000, workers: 3, startsApps: true, without: [...onPostgres, ...onceIsEnough] }),
      project('integration-supabase', { folder: 'integration', timeoutMs: 60_000, workers: 3, databaseMode: 'supabase', without: onTheEmbedded }),
      project('e2e', { timeoutMs: 120_000, workers: 2, startsApps: true }),
    ],
  },
})
