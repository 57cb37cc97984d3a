import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { runNode, startNode } from '../../support/child.ts'
import { until } from '../../support/until.ts'

const alive = (pid: number) => {
  try { return process.kill(pid, 0) }
  catch { return false }
}

describe('a child process', () => {
  it('gets the environment that it is given and no other', async () => {
    const { code, output } = await runNode(['-e', 'console.log(JSON.stringify(Object.keys(process.env).sort()))'], { ONE: '1' })
    expect([code, JSON.parse(output)]).toEqual([0, ['HOME', 'ONE', 'PATH', 'TMPDIR']])
  })

  it('is killed, and the test fails, when it does not end in time', async () => {
    const child = startNode(['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'], {})
    await until(() => child.output().includes('up'))
    await expect(child.end('SIGTERM', 50)).rejects.toThrow('did not end')
    expect(child.running()).toBe(false)
  })

  it('does not outlive a test that is killed', async () => {
    const module = JSON.stringify(join(import.meta.dirname, '../../support/child.ts'))
    const test = spawn(process.execPath, ['--input-type=module', '-e', `
      const { startNode } = await import(${module})
      console.log(startNode(['-e', 'setInterval(() => {}, 1000)'], {}).pid)`])
    const [line] = await once(test.stdout, 'data') as [Buffer]
    const pid = Number(String(line))
    expect(alive(pid)).toBe(true)
    test.kill('SIGKILL')
    await until(() => !alive(pid), { what: 'the end of the child' })
  })
})
