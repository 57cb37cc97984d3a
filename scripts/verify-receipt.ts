/**
 * `npm run verify-receipt FILE [-- --keys KEYS | --trust-issuer ADDRESS]`: checks disconnect receipts without the database. 0: genuine,
 * and what it proves. 1: not genuine, and which line says so; or nobody said whom to trust. 2: not called as it is meant to be.
 */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { JsonFault, parseLocated, type Located } from './lib/located-json.ts'
import { checkReceipt, receiptsIn } from './lib/receipt-check.ts'
import { describeReceipt } from './lib/receipt-words.ts'
import { verificationKeys } from './lib/verification-keys.ts'
import { readArguments, usageOf } from './lib/verifier-arguments.ts'

function misused(problem: unknown): never {
  console.error(`${problem instanceof Error ? problem.message : String(problem)}\n${usageOf('verify-receipt')}`)
  process.exit(2)
}

function refuse(...lines: string[]): never {
  console.error(lines.join('\n'))
  process.exit(1)
}

const notGenuine = 'This is no genuine receipt.'

function calledWith(): ReturnType<typeof readArguments> {
  try {
    return readArguments()
  }
  catch (error) {
    misused(error)
  }
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path)
  }
  catch (error) {
    misused(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function parse(bytes: Buffer): Located {
  if (!isUtf8(bytes)) {
    const lines = bytes.toString('latin1').split('\n')
    refuse(`line ${1 + lines.findIndex(line => !isUtf8(Buffer.from(line, 'latin1')))}: this is not UTF-8`, notGenuine)
  }
  try {
    return parseLocated(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  }
  catch (error) {
    if (!(error instanceof JsonFault)) throw error
    refuse(`line ${error.line}, column ${error.column}: ${error.message}`, notGenuine)
  }
}

const { path, trust } = calledWith()
const documents = receiptsIn(parse(readFile(path)))
if (documents.length === 0) refuse('line 1: there is no receipt in it', notGenuine)
const { keys, source } = await verificationKeys({ ...trust, environment: process.env })
  .catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)))

const verdicts = documents.map(document => checkReceipt(document, keys))
const faults = verdicts.flatMap(verdict => verdict.faults)
if (faults.length) refuse(...faults.map(({ line, problem }) => `line ${line}: ${problem}`), `Checked with ${source}.`, keys.length ? notGenuine : 'Nothing is proven.')
for (const { receipt, kid } of verdicts) if (receipt && kid) console.log(describeReceipt(receipt, { kid, source }))
