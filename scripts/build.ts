/** `npm run build`: builds the app, always, and notes what it was built from, so that `npm test` can use this build. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ensureBuild } from './lib/build.ts'

rmSync(join(import.meta.dirname, '../.output'), { recursive: true, force: true })
process.exitCode = ensureBuild() ? 0 : 1
