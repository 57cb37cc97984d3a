/**
 * After `npm install` and `npm ci`: `nuxt prepare`, which writes the types and the lint rules to .nuxt. Nothing of it is
 * needed where the sources are not there yet (a Docker layer) or the development dependencies are left out.
 * JavaScript, because the machine's own Node may run it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const missing = ['nuxt.config.ts', 'node_modules/@nuxt/eslint'].find(path => !existsSync(join(root, path)))
if (missing) {
  console.log(`nuxt prepare: skipped, ${missing} is not here.`)
}
else {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/nuxt/bin/nuxt.mjs'), 'prepare'], { cwd: root, stdio: 'inherit' })
  process.exitCode = status ?? 1
}
