/**
 * One process per data folder. PGlite keeps its files to itself and takes no lock of its own: a second process on the
 * same folder would destroy it.
 *
 * The lock is a file that names its holder and is touched every two seconds. A holder on this host that is no longer
 * alive is replaced at once (a kill -9 must not delay the restart); one that cannot be judged from here (another host
 * or container on a shared volume, another thread of this process) only when it has not touched the file for
 * ten seconds.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'

const HEARTBEAT_MS = 2_000
const STALE_MS = 10_000
const TURN_MS = 5

const holderSchema = z.object({ id: z.string(), pid: z.number().int(), start: z.string(), host: z.string() })
type Holder = z.infer<typeof holderSchema>

export class DataDirLockedError extends Error {
  override name = 'DataDirLockedError'
  constructor(directory: string, pid: number) {
    super(`DATA_DIR ${directory} is in use by another process (pid ${pid}). The embedded database takes one process: `
      + 'stop the other one, give this one its own DATA_DIR, or use Supabase (SUPABASE_URL) to run several.')
  }
}

/**
 * When the process began, by the kernel: tells a reused process id from the holder. `dead` for one that was killed and
 * not yet reaped; empty where it is unknown.
 */
function processStart(pid: number): string {
  try {
    // State and start are fields 3 and 22; the command in field 2 may hold spaces, so count from its closing bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : fields[19] ?? ''
  }
  catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  }
  catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function readHolder(file: string): { holder: Holder | null, touchedAt: number } | null {
  try {
    const touchedAt = statSync(file).mtimeMs
    const text = readFileSync(file, 'utf8')
    try {
      return { holder: holderSchema.parse(JSON.parse(text)), touchedAt }
    }
    catch {
      return { holder: null, touchedAt } // cut short by a full disk: judged by its age alone
    }
  }
  catch {
    return null
  }
}

function isGone(holder: Holder | null, touchedAt: number, me: Holder): boolean {
  const stale = Date.now() - touchedAt > STALE_MS
  if (!holder || holder.host !== me.host || holder.pid === me.pid) return stale
  if (!isAlive(holder.pid)) return true
  return holder.start !== processStart(holder.pid)
}

function create(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600)
  writeSync(handle, text)
  closeSync(handle)
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

/**
 * Removes the lock of a holder that is gone, in turn: of two who found the same one, the second would otherwise remove
 * the lock that the first has taken meanwhile.
 * @returns false when it is somebody else's turn
 */
function removeGone(file: string, me: Holder): boolean {
  const turn = `${file}.turn`
  try {
    create(turn, '')
  }
  catch (error) {
    if (!isTaken(error)) throw error
    // Whoever had the turn ended in the middle of it.
    const touchedAt = readHolder(turn)?.touchedAt
    if (touchedAt !== undefined && Date.now() - touchedAt > STALE_MS) rmSync(turn, { force: true })
    return false
  }
  const found = readHolder(file)
  if (found && isGone(found.holder, found.touchedAt, me)) rmSync(file, { force: true })
  rmSync(turn, { force: true })
  return true
}

/**
 * Takes the lock of a data folder (made if missing).
 * @param options.patienceMs how long to wait for a holder that may be on its way out (a development server that reloads)
 * @returns a function that gives the lock back
 * @throws DataDirLockedError when another process holds it
 */
export async function lockDataDir(directory: string, options: { patienceMs: number }): Promise<() => void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, 'process.lock')
  const me: Holder = { id: randomUUID(), pid: process.pid, start: processStart(process.pid), host: hostname() }
  const deadline = Date.now() + options.patienceMs

  for (;;) {
    try {
      create(file, JSON.stringify(me))
      break
    }
    catch (error) {
      if (!isTaken(error)) throw error
    }
    const found = readHolder(file)
    if (!found) continue
    if (isGone(found.holder, found.touchedAt, me)) {
      if (!removeGone(file, me)) await delay(TURN_MS)
      continue
    }
    if (Date.now() >= deadline) throw new DataDirLockedError(directory, found.holder?.pid ?? 0)
    await delay(100)
  }

  const heartbeat = setInterval(() => {
    const now = new Date()
    try {
      utimesSync(file, now, now)
    }
    catch { /* removed by hand: nothing to keep fresh */ }
  }, HEARTBEAT_MS)
  heartbeat.unref()
  return () => {
    clearInterval(heartbeat)
    if (readHolder(file)?.holder?.id === me.id) rmSync(file, { force: true })
  }
}
