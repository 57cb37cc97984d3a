/** The server's own rooms for commands: TypeScript with Nuxt's aliases, run by plain Node. */
import { join } from 'node:path'
import process from 'node:process'
import { createJiti } from 'jiti'
import { readMigrations } from './lite-database.ts'

const root = join(import.meta.dirname, '../..')
const jiti = createJiti(import.meta.url, { alias: { '#server': join(root, 'server'), '#shared': join(root, 'shared') } })

/** @param room a module of server/, such as `utils/env` */
export function load<T>(room: string): Promise<T> {
  return jiti.import<T>(`#server/${room}`)
}

/**
 * Runs a command with the environment read, the keys installed and the database open, and closes it again. A failure ends
 * the process with 1 and one message. With the embedded database, the app must not run meanwhile: the lock says so.
 */
export async function runCommand(command: () => Promise<number | undefined>): Promise<void> {
  const closers: (() => Promise<void> | void)[] = []
  let exitCode = 1
  try {
    const { loadEnv } = await load<typeof import('../../server/utils/env.ts')>('utils/env')
    const { openDatabase } = await load<typeof import('../../server/open.ts')>('open')
    await openDatabase({ env: loadEnv(), migrations: readMigrations, patienceMs: 0 }, closers)
    exitCode = await command() ?? 0
  }
  catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
  }
  finally {
    for (const close of closers.reverse()) await close()
    // Last: the embedded database sets an exit code of its own when it closes.
    process.exitCode = exitCode
  }
}
