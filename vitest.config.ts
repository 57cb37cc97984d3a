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
}

function project(name: string, { folder = name, timeoutMs, workers, databaseMode = 'embedded' }: Options): TestProjectConfiguration {
  return {
    resolve: { alias },
    test: {
      name,
      include: [`tests/${folder}/**/*.test.ts`],
      environment: 'node',
      pool: 'forks',
      maxWorkers: workers,
      testTimeout: timeoutMs,
      hookTimeout: Math.max(timeoutMs, 60_000),
      unstubEnvs: true,
      restoreMocks: true,
      provide: { databaseMode },
      globalSetup: databaseMode === 'supabase' ? ['tests/support/global-postgres.ts'] : [],
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
      project('integration', { timeoutMs: 60_000, workers: 2 }),
      project('integration-supabase', { folder: 'integration', timeoutMs: 60_000, workers: 2, databaseMode: 'supabase' }),
      project('e2e', { timeoutMs: 120_000, workers: 1 }),
    ],
  },
})
