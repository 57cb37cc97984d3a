/** Finds a Chromium that starts, and installs one where there is none and that is possible. */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

const systemPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Ubuntu's chromium-browser may be an empty shell that asks for snap: only what answers counts. */
async function starts(path: string): Promise<boolean> {
  if (!existsSync(path)) return false
  if (process.platform === 'win32') return true // there --version opens a window
  return run(path, ['--version'], { timeout: 20_000 }).then(() => true, () => false)
}

/** The path of a Chromium, or null. `CHROMIUM_PATH` decides alone when it is set. */
export async function findChromium(): Promise<string | null> {
  const { CHROMIUM_PATH } = process.env
  if (CHROMIUM_PATH) return await starts(CHROMIUM_PATH) ? CHROMIUM_PATH : null
  const { chromium } = await import('playwright-core')
  for (const path of [...systemPaths, chromium.executablePath()]) {
    if (path && await starts(path)) return path
  }
  return null
}

function show(command: string, args: string[]): Promise<boolean> {
  console.log(`  ${command} ${args.join(' ')}`)
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    child.once('error', () => resolve(false))
    child.once('close', code => resolve(code === 0))
  })
}

async function install(): Promise<void> {
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    await show('apt-get', ['update', '-qq'])
    if (await show('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])) return
  }
  await show(process.execPath, [join(root, 'node_modules/playwright-core/cli.js'), 'install', 'chromium'])
}

/** @throws saying how to get one, when none is there and none could be installed */
export async function ensureChromium(): Promise<string> {
  const found = await findChromium()
  if (found) return found
  if (process.env.CHROMIUM_PATH) throw new Error(`CHROMIUM_PATH (${process.env.CHROMIUM_PATH}) does not start. To fix: set it to a Chromium, or remove it.`)
  console.log('The browser tests need Chromium, and there is none: installing it.')
  await install()
  const installed = await findChromium()
  if (installed) return installed
  throw new Error('The browser tests need Chromium, and it could not be installed.\n'
    + 'To fix: install it (Debian, Ubuntu: sudo apt-get install chromium; elsewhere: npx playwright-core install chromium),\n'
    + 'or set CHROMIUM_PATH to one that you have.')
}
