/** Exports of the audit log, and each way to change one. The files are made here by the documented format alone. */
import { createHash, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useEncryptionKeys } from '#server/utils/encryption'
import { publicSigningKeys, sign, type PublicKey } from '#server/utils/signing'
import { checkExport, type Proof } from '../../../scripts/lib/audit-file.ts'
import { newEncryptionKey } from '../../support/backend.ts'
import { tempDir } from '../../support/temp-dir.ts'

const organization = randomUUID()
const sha = (text: string) => createHash('sha256').update(text).digest('hex')
let folder: Awaited<ReturnType<typeof tempDir>>
let keys: PublicKey[]

interface Options { count?: number, from?: number, exportedAt?: string, prev?: string, email?: string }

/** Lines as an installation writes them, without their line feeds. */
function build({ count = 10, from = 1, exportedAt = '2026-11-22T20:00:00.000Z', prev = '0'.repeat(64), email = 'a@example.com' }: Options = {}): string[] {
  const header = JSON.stringify({ format: 'allyship-audit/1', organization_id: organization, issuer: 'https://a.example', from_seq: from, prev_hash: prev, exported_at: exportedAt })
  let hash = prev
  const entries = Array.from({ length: count }, (_, index) => {
    const seq = from + index
    // As jsonb writes it: a space after each colon and comma. U+2028 and a CR in words are no line ends.
    const entry = `{"id": "${randomUUID()}", "ip": "\\"seq\\": 99", "seq": ${seq}, "detail": {"name": "Ä \u2028 \\r ${seq}"}, "created_at": "2026-11-22T19:00:${String(seq % 60).padStart(2, '0')}.000001Z", "actor_email": "${email}", "organization_id": "${organization}"}`
    hash = sha(`${hash}\n${entry}`)
    return `{"hash":"${hash}","entry":${entry}}`
  })
  const ends = { header_hash: sha(header), count, head_seq: from + count - 1, head_hash: hash }
  return [header, ...entries, JSON.stringify({ ...ends, ...sign(JSON.stringify({ format: 'allyship-audit/1', ...ends })) })]
}

const text = (lines: string[]) => lines.map(line => `${line}\n`).join('')
async function check(content: string | Uint8Array, believed = keys): Promise<Proof> {
  const path = join(folder.path, `${randomUUID()}.jsonl`)
  await writeFile(path, content)
  return checkExport(path, async () => believed)
}
const faultOf = (content: string | Uint8Array, believed = keys) => check(content, believed).then(() => 'nothing', (error: unknown) => error instanceof Error ? error.message : 'no error')

let lines: string[]
beforeAll(async () => {
  folder = await tempDir('exports')
  useEncryptionKeys({ current: newEncryptionKey() })
  keys = publicSigningKeys()
  lines = build()
})
afterAll(() => folder?.remove())

const without = (...gone: number[]) => lines.filter((_, index) => !gone.includes(index + 1))
const replaced = (line: number, by: string | ((old: string) => string)) => lines.map((old, index) => index + 1 !== line ? old : typeof by === 'string' ? by : by(old))

describe('a good export', () => {
  it.each([[1, 1], [10, 1], [1, 7], [3_000, 1], [500, 501]])('of %i entries from %i is proven', async (count, from) => {
    const proof = await check(text(build({ count, from, prev: from === 1 ? undefined : 'a'.repeat(64) })))
    expect(proof).toMatchObject({ header: { organization_id: organization, from_seq: from }, footer: { count, head_seq: from + count - 1, kid: keys[0]?.kid } })
    expect(proof.firstAt).toMatch(/^2026-11-22T19:00/)
  })
})

describe('what was changed is named by its line', () => {
  it.each(Array.from({ length: 10 }, (_, index) => index + 2))('line %i altered', async (line) => {
    expect(await faultOf(text(replaced(line, old => old.replace('a@example.com', 'b@example.com'))))).toMatch(new RegExp(`^line ${line}: entry ${line - 1} was altered`))
    expect(await faultOf(text(replaced(line, old => old.replace(/"seq": \d+/, '"seq": 77'))))).toMatch(new RegExp(`^line ${line}: entry ${line - 1} was altered`))
    expect(await faultOf(text(replaced(line, old => old.replace(/^\{"hash":"./, '{"hash":"x'))))).toMatch(new RegExp(`^line ${line}: was altered`))
    expect(await faultOf(text(replaced(line, '')))).toMatch(new RegExp(`^line ${line}: was altered`))
  })

  it.each(Array.from({ length: 9 }, (_, index) => index + 2))('line %i removed', async (line) => {
    expect(await faultOf(text(without(line)))).toBe(`line ${line}: entry ${line - 1} was removed: here stands entry ${line}`)
  })

  it('the last entries removed', async () => {
    expect(await faultOf(text(without(11)))).toBe('line 11: entries were removed before the end: the last one here is 9, the log ended with 10')
    expect(await faultOf(text(without(9, 10, 11)))).toMatch(/^line 9: entries were removed before the end/)
    expect(await faultOf(text(without(2, 3, 4, 5, 6, 7, 8, 9, 10, 11)))).toMatch(/^line 2: entries were removed before the end/)
  })

  it.each([[2, 3], [4, 9], [2, 11], [10, 11]])('lines %i and %i swapped', async (a, b) => {
    const swapped = [...lines]
    ;[swapped[a - 1], swapped[b - 1]] = [lines[b - 1] ?? '', lines[a - 1] ?? '']
    expect(await faultOf(text(swapped))).toBe(`line ${a}: the entries were reordered: here stands entry ${b - 1}, and entry ${a - 1} further below`)
  })

  it.each([2, 6, 11])('line %i twice', async (line) => {
    expect(await faultOf(text(lines.toSpliced(line, 0, lines[line - 1] ?? '')))).toBe(`line ${line + 1}: entry ${line - 1} stands here a second time`)
  })

  it('a forged entry, hashed as it should be', async () => {
    const previous = /"hash":"(\w+)"/.exec(lines[4] ?? '')?.[1] ?? ''
    const entry = /"entry":(.*)\}$/s.exec(lines[5] ?? '')?.[1]?.replace('a@example.com', 'b@example.com') ?? ''
    expect(await faultOf(text(replaced(6, `{"hash":"${sha(`${previous}\n${entry}`)}","entry":${entry}}`)))).toMatch(/^line 7: entry 6 was altered, or the line before it was, and hashed anew/)
  })

  it('all of it hashed anew, under the old signature', async () => {
    const forged = build({ email: 'b@example.com' })
    expect(await faultOf(text([...forged.slice(0, -1), lines.at(-1) ?? '']))).toMatch(/^line 11: entry 10 is not the one that the log ended with/)
  })

  it('the header', async () => {
    for (const [old, by] of [['2026-11-22T20', '2026-11-23T20'], ['a.example', 'b.example'], [organization, randomUUID()], ['"from_seq":1', '"from_seq":2'], ['0'.repeat(64), '1'.repeat(64)]] as const) {
      expect(await faultOf(text(replaced(1, line => line.replace(old, by))))).toBe('line 1: the header was altered')
    }
    expect(await faultOf(text(replaced(1, line => line.replace('audit/1', 'audit/2'))))).toMatch(/^line 1: is not the header/)
    expect(await faultOf(text(replaced(1, line => line.replace(',', ', '))))).toMatch(/^line 1: is not the header/)
    expect(await faultOf(text(without(1)))).toMatch(/^line 1: is not the header/)
  })

  it('the footer', async () => {
    expect(await faultOf(text(without(12)))).toBe('line 12: is missing: the file was cut after line 11, and its signed end is not there')
    expect(await faultOf(text([...lines, lines.at(-1) ?? '']))).toBe('line 13: stands after the end of the export')
    expect(await faultOf(text(replaced(12, line => line.replace('"count":10', '"count":11'))))).toBe('line 12: the footer was altered or forged: its signature does not fit')
    expect(await faultOf(text(replaced(12, line => line.replace('"head_seq"', '"head"'))))).toMatch(/^line 12: was altered/)
    expect(await faultOf(text(replaced(12, build({ exportedAt: '2026-11-22T21:00:00.000Z' }).at(-1) ?? '')))).toBe('line 12: this is the footer of another export')
    expect(await faultOf(text(replaced(12, build({ count: 9 }).at(-1) ?? '')))).toMatch(/^line \d+: /)
  })

  it('the key', async () => {
    useEncryptionKeys({ current: newEncryptionKey() })
    const others = publicSigningKeys()
    const forged = text(build({ email: 'b@example.com' }))
    expect(await faultOf(text(lines), others)).toMatch(/^line 12: the signature is by the key \S{43}, which is not among/)
    expect(await faultOf(text(lines), [])).toMatch(/^line 12: /)
    expect(await faultOf(forged)).toMatch(/^line 12: the signature is by the key/)
    expect(await faultOf(forged.replaceAll(others[0]?.kid ?? '', keys[0]?.kid ?? ''))).toBe('line 12: the footer was altered or forged: its signature does not fit')
    // Another's key under the name of ours.
    expect(await faultOf(forged.replaceAll(others[0]?.kid ?? '', keys[0]?.kid ?? ''), [{ ...others[0]!, kid: keys[0]!.kid }])).toMatch(/^line 12: /)
  })

  it('the line ends, and what is no export at all', async () => {
    expect(await faultOf(text(lines).replaceAll('\n', '\r\n'))).toBe('line 1: ends with CR LF: something changed the line ends of this file')
    expect(await faultOf('')).toBe('line 1: is missing: the file is empty')
    expect(await faultOf('\n')).toMatch(/^line 1: is not the header/)
    expect(await faultOf(`${text(lines)}\n`)).toBe('line 13: stands after the end of the export')
  })
})

describe('whatever byte', () => {
  it('is cut off from there on, it is found', async () => {
    const whole = Buffer.from(text(lines))
    const lengths = text(lines).split('\n').map(line => Buffer.byteLength(line) + 1)
    const ends = new Set([...whole.keys()].filter(at => whole[at] === 10).flatMap(at => [at - 1, at, at + 1]))
    for (let at = 0; at < whole.length; at++) {
      // Each byte around the line ends, and some of those between.
      if (at % 11 !== 0 && !ends.has(at)) continue
      const fault = await faultOf(whole.subarray(0, at))
      let line = 0
      for (let sum = 0; sum + (lengths[line] ?? 0) <= at; line++) sum += lengths[line] ?? 0
      expect(fault, `cut at ${at}`).toMatch(/^line \d+: /)
      // The line in which it was cut, or the one that should come next.
      expect([line + 1, line + 2], `cut at ${at}: ${fault}`).toContain(Number(/\d+/.exec(fault)?.[0]))
    }
  }, 60_000)

  it('is altered, it is found', async () => {
    const whole = Buffer.from(text(lines))
    await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      const altered = Buffer.from(whole)
      altered[at] = (altered[at] ?? 0) ^ bits
      expect(await faultOf(altered)).toMatch(/^line \d+: /)
    }), { numRuns: 1_000 })
  }, 60_000)
})
