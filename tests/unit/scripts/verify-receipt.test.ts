/** The command itself: what it prints, and how it ends. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { printReceipt } from '#server/integrations/receipt'
import { useEncryptionKeys } from '#server/utils/encryption'
import { publicSigningKeys } from '#server/utils/signing'
import { runNode } from '../../support/child.ts'
import { serveHttp } from '../../support/http-server.ts'
import { payload, signed } from '../../support/receipts.ts'
import { tempDir } from '../../support/temp-dir.ts'

const script = join(import.meta.dirname, '../../../scripts/verify-receipt.ts')
const key = randomBytes(32).toString('base64')
let dir: Awaited<ReturnType<typeof tempDir>>
beforeAll(async () => { dir = await tempDir('receipts') })
afterAll(() => dir?.remove())
beforeEach(() => useEncryptionKeys({ current: key }))

async function file(text: string | Uint8Array, name = 'receipt.json'): Promise<string> {
  const path = join(dir.path, name)
  await writeFile(path, text)
  return path
}

/** @param env none: an auditor's machine, which holds no key */
async function verify(args: string[], env: Record<string, string> = { ENCRYPTION_KEY: key }) {
  const { code, output } = await runNode([script, ...args], { DATA_DIR: join(dir.path, 'nothing'), ...env })
  return { code, output }
}

describe('npm run verify-receipt', () => {
  it('says what a genuine receipt proves, and where the key came from', async () => {
    const { code, output } = await verify([await file(printReceipt(signed()))])
    expect(code).toBe(0)
    for (const told of [payload.id, payload.organization.name, payload.integration.name, payload.actor.email, payload.requested_at, payload.deleted.at, 'main access_token: revoked at the provider', 'main refresh_token: NOT revoked (server_error)', 'https://provider.example/apps', '12 findings', publicSigningKeys()[0]?.kid ?? '?', 'ENCRYPTION_KEY']) {
      expect(output).toContain(told)
    }
  })

  it('checks each receipt of a file of several', async () => {
    const [one, two] = [signed(), signed({ ...payload, id: '11111111-1111-4111-8111-111111111111' })]
    const good = await verify([await file(JSON.stringify({ receipts: [one, two] }, null, 2))])
    expect([good.code, good.output]).toEqual([0, expect.stringMatching(new RegExp(`${one.id} is genuine[^]*${two.id} is genuine`))])
    const bad = await verify([await file(JSON.stringify({ receipts: [one, { ...two, requested_at: 'never' }] }, null, 2))])
    expect([bad.code, bad.output]).toEqual([1, expect.stringMatching(/^line \d+: `requested_at` does not match the signature$/m)])
    expect(await verify([await file('{"receipts": []}')])).toMatchObject({ code: 1, output: expect.stringContaining('line 1: there is no receipt in it') as string })
  })

  it('names the line that was altered, and ends with 1', async () => {
    const text = printReceipt(signed()).replace('"findings": 12', '"findings": 0')
    const line = text.split('\n').findIndex(one => one.startsWith('  "deleted"')) + 1
    const { code, output } = await verify([await file(text)])
    expect([code, output]).toEqual([1, expect.stringContaining(`line ${line}: \`deleted\` does not match the signature\n`)])
    expect(output).not.toContain('is genuine')
  })

  it('names line and column of what is no JSON, and the line of what is no UTF-8', async () => {
    const text = printReceipt(signed())
    expect(await verify([await file(text.slice(0, 300))])).toMatchObject({ code: 1, output: expect.stringMatching(/^line \d+, column \d+: /) as string })
    const bytes = Buffer.from(text)
    bytes[bytes.indexOf('Production')] = 0xFF
    const line = text.slice(0, text.indexOf('Production')).split('\n').length
    expect(await verify([await file(bytes)])).toMatchObject({ code: 1, output: expect.stringContaining(`line ${line}: this is not UTF-8`) as string })
  })

  it('takes keys from a file, and trusts no others then', async () => {
    const receipt = await file(printReceipt(signed()))
    const keys = await file(JSON.stringify({ keys: publicSigningKeys() }), 'keys.json')
    expect(await verify([receipt, '--keys', keys], {})).toMatchObject({ code: 0, output: expect.stringContaining(keys) as string })
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    const others = await file(JSON.stringify({ keys: publicSigningKeys() }), 'others.json')
    expect(await verify([receipt, '--keys', others])).toMatchObject({ code: 1, output: expect.stringContaining('is none of these') as string })
  })

  /** A forger's own key, at an address of the forger's, which the receipt names. */
  async function forged() {
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    let asked = 0
    const server = await serveHttp(async (request) => {
      asked++
      return new URL(request.url).pathname === '/.well-known/jwks.json' ? Response.json({ keys: publicSigningKeys() }) : new Response(null, { status: 404 })
    })
    return { ...server, asked: () => asked, receipt: await file(printReceipt(signed({ ...payload, issuer: server.url }))) }
  }

  it('believes no issuer because a receipt names it: nobody is asked, and it ends with 1', async () => {
    const { receipt, asked, close } = await forged()
    const { code, output } = await verify([receipt], {})
    expect([code, output]).toEqual([1, expect.stringMatching(/^line \d+: `signature` is by the key [^]*--keys KEYS[^]*--trust-issuer https:[^]*Nothing is proven\.$/m)])
    expect(output).not.toContain('genuine')
    expect(asked()).toBe(0)
    // Nor does this installation, whose key is another one.
    expect(await verify([receipt])).toMatchObject({ code: 1, output: expect.stringContaining('is none of these') as string })
    await close()
  })

  it('believes the installation that it was told to, by a flag or by APP_URL, and says how else when that does not answer', async () => {
    const { receipt, url, close } = await forged()
    for (const told of [() => verify([receipt, '--trust-issuer', url]), () => verify([receipt], { APP_URL: url }), () => verify([receipt, '--trust-issuer', `${url}/`], { APP_URL: 'http://127.0.0.1:9', ENCRYPTION_KEY: key })]) {
      expect(await told()).toMatchObject({ code: 0, output: expect.stringContaining(`${url}/.well-known/jwks.json`) as string })
    }
    await close()
    expect(await verify([receipt, '--trust-issuer', url], {})).toMatchObject({ code: 1, output: expect.stringContaining('--keys KEYS') as string })
  })

  it('finds the key of an embedded installation in its folder, and takes none that was left there for one on Supabase', async () => {
    await file(`${key}\n`, 'encryption.key')
    const receipt = await file(printReceipt(signed()))
    expect(await verify([receipt], { DATA_DIR: dir.path })).toMatchObject({ code: 0, output: expect.stringContaining(join(dir.path, 'encryption.key')) as string })
    expect(await verify([receipt], { DATA_DIR: dir.path, SUPABASE_URL: 'https://abcdefghijklmnopqrst.supabase.co' })).toMatchObject({ code: 1 })
  })

  it('names the line of a cut or altered receipt, also when it was told of no keys', async () => {
    const text = printReceipt(signed())
    expect(await verify([await file(text.slice(0, 300))], {})).toMatchObject({ code: 1, output: expect.stringMatching(/^line \d+, column \d+: /) as string })
    expect(await verify([await file(text.replace('"findings": 12', '"findings": 0'))], {})).toMatchObject({ code: 1, output: expect.stringMatching(/^line \d+: /) as string })
  })

  it.each([[[]], [['a', 'b']], [['--nonsense']], [['/nowhere/at/all.json']], [['a', '--trust-issuer', 'http://example.com']], [['a', '--trust-issuer', 'example.com']], [['a', '--keys', 'k', '--trust-issuer', 'https://example.com']]])('ends with 2 when it is called with %j', async (args) => {
    expect(await verify(args)).toMatchObject({ code: 2, output: expect.stringContaining('Usage: ') as string })
  })
})
