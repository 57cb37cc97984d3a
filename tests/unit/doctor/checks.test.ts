import { readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { addressFault, isLoopback } from '#server/doctor/checks/address'
import { examineDisk } from '#server/doctor/checks/disk'
import { judgeNode, leastNode } from '#server/doctor/checks/node'
import { tempDir } from '../../support/temp-dir.ts'

describe('judgeNode', () => {
  it('asks for what package.json asks for', () => {
    const { engines } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { engines: { node: string } }
    expect(engines.node).toBe(`>=${leastNode}`)
  })

  it('takes new ones and refuses old ones', () => {
    for (const version of ['20.0.0', '24.21.0', '100.0.0']) expect(judgeNode(version)).toBe(`Node.js ${version}`)
    for (const version of ['18.20.4', '9.0.0']) expect(() => judgeNode(version)).toThrow('too old')
  })
})

describe('addressFault', () => {
  const at = (url: string, production = true, port: string | null = '3000') => addressFault(url, { production, port })?.message ?? null

  it('wants https in production, but on this machine itself', () => {
    expect(at('http://integrations.example.com')).toContain('in the clear')
    expect(at('http://10.0.0.8:3000')).toContain('in the clear')
    expect(at('http://localhost.example.com')).toContain('in the clear')
    expect(at('https://integrations.example.com')).toBeNull()
    expect(at('http://integrations.example.com', false)).toBeNull()
    expect(at('http://localhost:3000')).toBeNull()
  })

  it('compares the port where no proxy can be between', () => {
    expect(at('http://localhost:3001')).toContain('listens on port 3000')
    expect(at('http://127.0.0.1:3001', true, '3001')).toBeNull()
    expect(at('http://localhost:3001', false, null)).toContain('listens on port 3000')
    expect(at('http://localhost', false, '80')).toBeNull()
    expect(at('https://localhost:8443')).toBeNull()
    expect(at('http://intranet:8080', false)).toBeNull()
  })

  it.each([['localhost', true], ['a.localhost', true], ['127.0.0.1', true], ['127.8.8.8', true], ['[::1]', true], ['127.example.com', false], ['128.0.0.1', false]])(
    '%s is this machine: %s', (host, loopback) => expect(isLoopback(host)).toBe(loopback))
})

describe('examineDisk', () => {
  const folders: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const remove of folders.splice(0)) await remove()
  })
  const folder = async () => {
    const { path, remove } = await tempDir('disk')
    folders.push(remove)
    return path
  }

  it('takes a folder of one\'s own, and one that is to be made', async () => {
    const path = await folder()
    expect(await examineDisk(path, 1)).toMatch(/GB free$/)
    expect(await examineDisk(join(path, 'a/b'), 1)).toContain('the first start makes it')
  })

  it('wants room', async () => {
    await expect(examineDisk(await folder(), Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ message: expect.stringMatching(/has \d+\.\d GB free$/) as string })
  })

  it.each([[0o600, true], [0o400, true], [0o640, false], [0o604, false]])('a key file of mode %o is fine: %s', async (mode, fine) => {
    const path = await folder()
    await writeFile(join(path, 'encryption.key'), 'x')
    await chmod(join(path, 'encryption.key'), mode)
    if (fine) await expect(examineDisk(path, 1)).resolves.toContain('free')
    else await expect(examineDisk(path, 1)).rejects.toMatchObject({ fix: `chmod go= ${join(path, 'encryption.key')}` })
  })

  it.each([[0o700, true], [0o770, true], [0o755, false]])('a folder of mode %o is fine: %s', async (mode, fine) => {
    const path = join(await folder(), 'data')
    await mkdir(path)
    await chmod(path, mode)
    await (fine ? expect(examineDisk(path, 1)).resolves.toContain('free') : expect(examineDisk(path, 1)).rejects.toThrow('open to other users'))
  })
})
