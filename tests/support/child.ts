/** A Node process under test: its output is kept, and it cannot outlive the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'

export interface Exit { code: number | null, signal: NodeJS.Signals | null }

export interface Child {
  pid: number
  /** All that it wrote, standard output and error in the order in which they came. */
  output: () => string
  /** To its standard input. */
  write: (text: string) => void
  /** When it has ended. */
  exited: Promise<Exit>
  running: () => boolean
  /** Sends the signal and waits for the end; kills it after `timeoutMs`, and fails then. */
  end: (signal: NodeJS.Signals, timeoutMs?: number) => Promise<Exit>
}

const guard = join(import.meta.dirname, 'die-with-parent.ts')

/** @param env the whole environment of the child, but for what Node itself needs */
export function startNode(args: string[], env: Record<string, string>): Child {
  const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env
  const child = spawn(process.execPath, ['--import', guard, ...args], {
    env: { PATH, HOME, TMPDIR, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  child.stdin.on('error', () => {}) // the child is gone: `exited` says so
  let ended: Exit | null = null
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(ended = { code, signal }))
  })
  return {
    pid: child.pid ?? -1,
    output: () => chunks.join(''),
    write: text => void child.stdin.write(text),
    exited,
    running: () => ended === null,
    end: async (signal, timeoutMs = 20_000) => {
      if (ended) return ended
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
      const asked = Date.now()
      const exit = await exited
      clearTimeout(timer)
      if (signal !== 'SIGKILL' && exit.signal === 'SIGKILL') {
        throw new Error(`The process did not end ${Date.now() - asked} ms after ${signal}:\n${chunks.join('')}`)
      }
      return exit
    },
  }
}

/** Runs a Node process to its end. @throws when it has not ended in time */
export async function runNode(args: string[], env: Record<string, string>, timeoutMs = 30_000): Promise<Exit & { output: string }> {
  const child = startNode(args, env)
  const timer = AbortSignal.timeout(timeoutMs)
  const late = once(timer, 'abort').then(() => null)
  const exit = await Promise.race([child.exited, late])
  if (exit) return { ...exit, output: child.output() }
  await child.end('SIGKILL')
  throw new Error(`The process had not ended after ${timeoutMs} ms:\n${child.output()}`)
}
