/**
 * Reads an audit export (server/audit/format.ts) from its first line to its last and names the first line that is not as it
 * was written. Flat in memory. A line that is at fault is told apart by what follows it: one that stands further below was
 * moved, one that stands nowhere was removed.
 */
import { z } from 'zod'
import { chainHash, entryPrefix, ENTRY_END, footerLine, footerSchema, headerLine, headerSchema, sha256, signedText, type Footer, type Header } from '../../server/audit/format.ts'
import { verifySignature } from '../../server/utils/signing.ts'
import { readLines, type Line } from './lines.ts'
import type { VerificationKey } from './verification-keys.ts'

export class FileFault extends Error {
  override name = 'FileFault'
  readonly line: number

  constructor(line: number, sentence: string) {
    super(`line ${line}: ${sentence}`)
    this.line = line
  }
}

/** What a good export proves. */
export interface Proof { header: Header, footer: Footer, firstAt: string | null, lastAt: string | null }

interface Entry { line: number, hash: string, canonical: Buffer, seq: number, organization_id: string, created_at: string }

const content = z.object({ seq: z.number().int().min(1), organization_id: z.uuid(), created_at: z.string() })
const prefixLength = entryPrefix('0'.repeat(64)).length

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  }
  catch {
    return undefined
  }
}

/** Null when the line is no entry. */
function readEntry({ bytes, number }: Line): Entry | null {
  const hash = bytes.toString('latin1', 9, 73)
  if (!/^[0-9a-f]{64}$/.test(hash) || bytes.toString('latin1', 0, prefixLength) !== entryPrefix(hash) || bytes.at(-1) !== ENTRY_END.charCodeAt(0)) return null
  const canonical = bytes.subarray(prefixLength, -1)
  const parsed = content.safeParse(parse(canonical.toString('utf8')))
  return parsed.success ? { line: number, hash, canonical, ...parsed.data } : null
}

/** Null when the line is no footer, or one in other words. */
function readFooter({ bytes, ended }: Line): Footer | null {
  const parsed = footerSchema.safeParse(parse(bytes.toString('utf8')))
  return ended && parsed.success && bytes.equals(Buffer.from(footerLine(parsed.data))) ? parsed.data : null
}

function readHeader({ bytes, ended }: Line): Header {
  const parsed = headerSchema.safeParse(parse(bytes.toString('utf8')))
  if (!parsed.success || !bytes.equals(Buffer.from(headerLine(parsed.data)))) {
    throw new FileFault(1, bytes.at(-1) === 13 ? 'ends with CR LF: something changed the line ends of this file' : 'is not the header of an audit export, or was altered')
  }
  if (!ended) throw new FileFault(2, 'is missing: the file was cut after its header')
  return parsed.data
}

/**
 * @param keysFor what to believe, asked for when the file begins like an export
 * @throws FileFault, and what reading the file or `keysFor` throws
 */
export async function checkExport(path: string, keysFor: () => Promise<readonly VerificationKey[]>): Promise<Proof> {
  const lines = readLines(path)
  const first = await lines.next()
  if (first.done) throw new FileFault(1, 'is missing: the file is empty')
  const header = readHeader(first.value)
  const keys = await keysFor()
  const headerHash = sha256(first.value.bytes)

  let before = { line: 1, hash: header.prev_hash, seq: header.from_seq - 1 }
  let firstAt: string | null = null
  let lastAt: string | null = null
  let last = first.value
  for await (const line of lines) {
    last = line
    const entry = readEntry(line)
    if (entry && follows(entry, before, header)) {
      before = { line: line.number, hash: entry.hash, seq: entry.seq }
      firstAt ??= entry.created_at
      lastAt = entry.created_at
      continue
    }
    const footer = readFooter(line)
    const rest = await readRest(lines, entry ? before.seq + 1 : null)
    if (footer && rest.lines === 0) {
      judgeFooter(footer, { line: line.number, keys, header, headerHash, before })
      return { header, footer, firstAt, lastAt }
    }
    throw await faultOf(line, entry, rest, { before, header, headerHash, keys })
  }
  throw new FileFault(last.number + 1, `is missing: the file was cut after line ${last.number}, and its signed end is not there`)
}

function follows(entry: Entry, before: { hash: string, seq: number }, header: Header): boolean {
  return entry.seq === before.seq + 1 && entry.organization_id === header.organization_id && chainHash(before.hash, entry.canonical) === entry.hash
}

interface Rest { lines: number, footer: Footer | null, lastHash: string | null, sought: boolean }

/** Goes on to the end of the file. @param sought the number of the entry that should have come */
async function readRest(lines: AsyncGenerator<Line>, sought: number | null): Promise<Rest> {
  const rest: Rest = { lines: 0, footer: null, lastHash: null, sought: false }
  for await (const line of lines) {
    rest.lines++
    const entry = readEntry(line)
    rest.footer = entry ? null : readFooter(line)
    rest.lastHash = entry?.hash ?? rest.lastHash
    rest.sought ||= entry !== null && entry.seq === sought
  }
  return rest
}

interface State { before: { line: number, hash: string, seq: number }, header: Header, headerHash: string, keys: readonly VerificationKey[] }

async function faultOf(line: Line, entry: Entry | null, rest: Rest, { before, header, headerHash, keys }: State): Promise<FileFault> {
  const fault = (sentence: string) => new FileFault(line.number, sentence)
  if (!entry) {
    if (!line.ended) return fault('was cut: the file ends in the middle of it')
    return readFooter(line) ? new FileFault(line.number + 1, 'stands after the end of the export') : fault('was altered: it is no entry of an export')
  }
  // The first entry does not fit its header: which of them is at fault, the signed end knows.
  const { footer } = rest
  if (before.line === 1 && footer && footer.header_hash !== headerHash && footer.head_hash === (rest.lastHash ?? entry.hash) && isGenuine(footer, keys)) {
    return new FileFault(1, 'the header was altered')
  }
  const due = before.seq + 1
  const asDue = entry.canonical.toString('utf8').replace(/"seq": \d+/, `"seq": ${due}`)
  if (entry.seq === due || chainHash(before.hash, asDue) === entry.hash) {
    if (entry.organization_id !== header.organization_id) return fault('was altered, or is an entry of another organization')
    return fault(before.line === 1 ? `entry ${due} was altered` : `entry ${due} was altered, or the line before it was, and hashed anew`)
  }
  if (entry.seq < due) return fault(entry.seq < header.from_seq ? `entry ${entry.seq} does not belong here: the export begins with ${header.from_seq}` : `entry ${entry.seq} stands here a second time`)
  return rest.sought
    ? fault(`the entries were reordered: here stands entry ${entry.seq}, and entry ${due} further below`)
    : fault(`entry ${due} was removed: here stands entry ${entry.seq}`)
}

function isGenuine(footer: Footer, keys: readonly VerificationKey[]): boolean {
  return verifySignature(keys, signedText(footer), footer)
}

function judgeFooter(footer: Footer, { line, keys, header, headerHash, before }: State & { line: number }): void {
  const fault = (sentence: string) => new FileFault(line, sentence)
  if (!keys.some(key => key.kid === footer.kid)) throw fault(`the signature is by the key ${footer.kid}, which is not among those that this was checked with`)
  if (!isGenuine(footer, keys)) throw fault('the footer was altered or forged: its signature does not fit')
  const fits = footer.head_seq === before.seq && footer.head_hash === before.hash
  if (footer.header_hash !== headerHash) throw fits ? new FileFault(1, 'the header was altered') : fault('this is the footer of another export')
  if (before.seq < footer.head_seq) throw fault(`entries were removed before the end: the last one here is ${before.seq}, the log ended with ${footer.head_seq}`)
  if (!fits || footer.count !== before.seq - header.from_seq + 1) throw new FileFault(before.line, `entry ${before.seq} is not the one that the log ended with`)
}
