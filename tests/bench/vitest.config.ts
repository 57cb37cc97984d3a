import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** One measurement at a time, on a machine that does nothing else. `npm run bench`. */
export default defineConfig({
  root,
  resolve: { alias: { '#server': `${root}server`, '#shared': `${root}shared` } },
  test: {
    include: ['tests/bench/**/*.bench.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    provide: { databaseMode: 'supabase' },
    globalSetup: ['tests/support/global-postgres.ts'],
  },
})
