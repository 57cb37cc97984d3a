/** A file by its lines, as bytes, a line in memory at a time. Not node:readline: that also ends lines at U+2028 and at CR. */
import { Buffer } from 'node:buffer'
import { createReadStream } from 'node:fs'

export interface Line {
  /** From 1. */
  number: number
  bytes: Buffer
  /** False for what stands after the last line feed. */
  ended: boolean
}

/** Bytes. No line of ours is as long: a file without line feeds must not fill the memory. */
const LONGEST = 16 * 1024 * 1024

/** @throws what node:fs throws; Error when a line is too long */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 0
  let begun: Buffer[] = []
  let length = 0
  const line = (ended: boolean): Line => ({ number: ++number, bytes: Buffer.concat(begun), ended })
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      begun.push(chunk.subarray(from, end))
      yield line(true)
      begun = []
      length = 0
      from = end + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > LONGEST) throw new Error(`line ${number + 1} is longer than ${LONGEST / 1024 / 1024} MB`)
  }
  if (length > 0) yield line(false)
}
