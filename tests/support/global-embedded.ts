/** One embedded database per run that has all its tables, for the projects that name this file in `globalSetup`: apps start on copies. */
import { existsSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { serverEntry, startApp } from './app.ts'
import { tempDir } from './temp-dir.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A DATA_DIR after a first start and a clean end; null: there is no build. */
    preparedDataDir: string | null
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await tempDir('prepared')
  const built = existsSync(serverEntry)
  if (built) await (await startApp({ dataDir: folder.path })).kill('SIGTERM')
  project.provide('preparedDataDir', built ? folder.path : null)
  return folder.remove
}
