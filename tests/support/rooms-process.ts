/** A second process on the same database and provider, which does what it is told, many times; and can be killed at it. */
import { join } from 'node:path'
import { startNode } from './child.ts'
import { until } from './until.ts'

export type Command
  = | { do: 'use', id: string, times: number }
    | { do: 'due' }
    | { do: 'scan', assessment: string }
    | { do: 'deliver', body: string, headers: Record<string, string> }
    | { do: 'apply' }
    | { do: 'finish', who: { userId: string, email: string, organizationId: string }, cookie: string }

export interface RoomsProcess {
  /** @returns what it answered @throws what it failed with */
  tell: (command: Command) => Promise<unknown>
  /** kill -9. Returns when it is gone. */
  kill: () => Promise<void>
}

/** Its connectors are `mirror` and `noisy` (./test-connectors.ts), and GitHub's. @param env from `openRooms` and `install` */
export async function startRoomsProcess(env: Record<string, string>): Promise<RoomsProcess> {
  const child = startNode([join(import.meta.dirname, 'rooms-child.ts')], env)
  let count = 0
  let read = 0
  const answers = new Map<number, { answer?: unknown, error?: string }>()
  let ready = false
  function takeLines(): void {
    const output = child.output()
    for (let end = output.indexOf('\n', read); end >= 0; end = output.indexOf('\n', read)) {
      const line = output.slice(read, end)
      read = end + 1
      if (line === '{"ready":true}') ready = true
      else if (line.startsWith('{"n":')) {
        const said = JSON.parse(line) as { n: number, answer?: unknown, error?: string }
        answers.set(said.n, said)
      }
    }
  }
  const alive = () => {
    takeLines()
    return child.running()
  }
  await until(() => !alive() || ready, { timeoutMs: 60_000, what: 'the process to be ready' })
  if (!ready) throw new Error(`The process did not start:\n${child.output()}`)

  return {
    tell: async (command) => {
      const n = ++count
      child.write(`${JSON.stringify({ n, command })}\n`)
      await until(() => !alive() || answers.has(n), { timeoutMs: 90_000, intervalMs: 5, what: 'the process to answer' })
      const said = answers.get(n)
      answers.delete(n)
      if (!said) throw new Error(`The process ended:\n${child.output()}`)
      if (said.error !== undefined) throw new Error(said.error)
      return said.answer
    },
    kill: async () => void await child.end('SIGKILL'),
  }
}
