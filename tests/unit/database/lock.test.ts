import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DataDirLockedError, lockDataDir } from '#server/database/lock'
import { runNode } from '../../support/child.ts'
import { tempDir } from '../../support/temp-dir.ts'

let folder: { path: string, remove: () => Promise<void> }
const releases: (() => void)[] = []
const children: ChildProcess[] = []
beforeEach(async () => { folder = await tempDir('lock') })
afterEach(async () => {
  vi.useRealTimers()
  for (const release of releases.splice(0)) release()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await folder.remove()
})

const file = () => join(folder.path, 'process.lock')
const take = async (patienceMs = 0) => {
  const release = await lockDataDir(folder.path, { patienceMs })
  releases.push(release)
  return release
}
const holder = () => JSON.parse(readFileSync(file(), 'utf8')) as { id: string, pid: number, start: string, host: string }
const refused = async (patienceMs = 0) => expect(lockDataDir(folder.path, { patienceMs })).rejects.toThrow(DataDirLockedError)
/** A lock as another process leaves it. */
function leave(fields: Partial<ReturnType<typeof holder>>, ageMs = 0): void {
  writeFileSync(file(), JSON.stringify({ id: 'other', pid: process.pid, start: '', host: hostname(), ...fields }))
  age(ageMs)
}
function age(ms: number): void {
  const then = new Date(Date.now() - ms)
  utimesSync(file(), then, then)
}
const startOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? ''

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0'])
  await once(child, 'close')
  return child.pid ?? 0
}

describe('lockDataDir', () => {
  it('makes the folder, names the holder in a file for this user only, and gives it back', async () => {
    const inner = join(folder.path, 'a/b')
    const release = await lockDataDir(inner, { patienceMs: 0 })
    expect(statSync(inner).mode & 0o777).toBe(0o700)
    const path = join(inner, 'process.lock')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() })
    release()
    expect(readdirSync(inner)).toEqual([])
  })

  it('refuses a second holder, naming folder, process and what to do', async () => {
    await take()
    await expect(lockDataDir(folder.path, { patienceMs: 0 })).rejects.toThrow(new RegExp(`${folder.path} .*pid ${process.pid}.*SUPABASE_URL`))
    await refused()
  })

  it('waits for a holder that is on its way out', async () => {
    const release = await take()
    const second = take(5_000)
    release()
    await second
    expect(holder().pid).toBe(process.pid)
  })

  it('takes the place of a process that is gone, at once', async () => {
    leave({ pid: await deadPid() })
    await take()
    expect(holder().id).not.toBe('other')
    expect(readdirSync(folder.path)).toEqual(['process.lock'])
  })

  it('does not take the place of one that lives', async () => {
    leave({ pid: process.ppid, start: startOf(process.ppid) })
    await refused()
    age(60_000)
    await refused() // alive is alive, however long it was silent
    expect(holder().id).toBe('other')
  })

  it.runIf(process.platform === 'linux')('knows a reused process id by when that process began', async () => {
    leave({ pid: process.ppid, start: '1' })
    await take()
  })

  it.runIf(process.platform === 'linux')('takes one that was killed and not yet reaped for gone', async () => {
    // The shell becomes a sleep, which never asks what became of its child.
    const shell = spawn('sh', ['-c', 'sleep 30 & echo $!; exec sleep 30'])
    children.push(shell)
    const [chunk] = await once(shell.stdout, 'data') as [Buffer]
    const pid = Number(chunk.toString())
    leave({ pid, start: startOf(pid) })
    await refused()
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '))
    await take()
  })

  it.each([['another host', { host: 'elsewhere', pid: 1 }], ['another thread of this process', { pid: process.pid }]])('judges %s by its heartbeat alone', async (_, fields) => {
    leave(fields, 9_000)
    await refused()
    age(11_000)
    await take()
  })

  it.each(['', '{"id": "cut sho', 'null', '{"pid": "x"}'])('judges an unreadable lock (%j) by its age', async (text) => {
    writeFileSync(file(), text)
    await refused()
    age(11_000)
    await take()
  })

  it('touches its file every two seconds, and does not mind when it was removed by hand', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    await take()
    age(60_000)
    vi.advanceTimersByTime(2_000)
    expect(Date.now() - statSync(file()).mtimeMs).toBeLessThan(30_000)
    const { rmSync } = await import('node:fs')
    rmSync(file())
    vi.advanceTimersByTime(2_000)
    expect(readdirSync(folder.path)).toEqual([])
  })

  it('waits for its turn to remove a dead one\'s lock, and takes it from one that ended in the middle', async () => {
    leave({ pid: await deadPid() })
    const turn = join(folder.path, 'process.lock.turn')
    writeFileSync(turn, '')
    const taking = take()
    await vi.waitFor(() => expect(holder().id).toBe('other'))
    const then = new Date(Date.now() - 11_000)
    utimesSync(turn, then, then)
    await taking
    expect(readdirSync(folder.path)).toEqual(['process.lock'])
  })

  it('leaves the lock of a successor alone when it is given back late', async () => {
    const release = await take()
    leave({ id: 'successor' })
    release()
    expect(holder().id).toBe('successor')
  })

  it('says what is wrong with a folder that is none', async () => {
    writeFileSync(join(folder.path, 'file'), '')
    await expect(lockDataDir(join(folder.path, 'file'), { patienceMs: 0 })).rejects.toThrow(/EEXIST|ENOTDIR/)
  })

  it('goes to one of several processes that find the same dead holder at once', { timeout: 60_000 }, async () => {
    const rounds = 60
    const pid = await deadPid()
    for (let round = 0; round < rounds; round++) {
      mkdirSync(join(folder.path, String(round)))
      writeFileSync(join(folder.path, String(round), 'process.lock'), JSON.stringify({ id: 'dead', pid, start: '', host: hostname() }))
    }
    const script = join(import.meta.dirname, 'lock-contender.ts')
    const start = Date.now() + 2_500
    const contenders = await Promise.all([1, 2, 3].map(() => runNode([script, folder.path, String(rounds), String(start)], {})))
    const won = contenders.flatMap(({ output }) => [...output.matchAll(/^won (\d+)$/gm)].map(match => Number(match[1])))
    expect(won.sort((a, b) => a - b)).toEqual(Array.from({ length: rounds }, (_, round) => round))
  })
})
