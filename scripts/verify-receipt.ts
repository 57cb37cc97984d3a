/**
 * `npm run verify-receipt -- FILE [--keys JWKS_FILE]`: checks disconnect receipts without the database. 0: genuine, and what it proves.
 * 1: not genuine, and which line says so. 2: not called as it is meant to be.
 */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { JsonFault, parseLocated, type Located } from './lib/located-json.ts'
import { checkReceipt, receiptsIn } from './lib/receipt-check.ts'
import { describeReceipt } from './lib/receipt-words.ts'
import { verificationKeys } from './lib/verification-keys.ts'

const usage = 'Usage: npm run verify-receipt -- FILE [--keys JWKS_FILE]'

function misused(problem: string): never {
  console.error(`${problem}\n${usage}`)
  process.exit(2)
}

function refuse(...lines: string[]): never {
  console.error([...lines, 'This is no genuine receipt.'].join('\n'))
  process.exit(1)
}

function readArguments(): { file: string, keysFile?: string } {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { keys: { type: 'string' } } })
    const [file] = positionals
    if (file !== undefined && positionals.length === 1) return { file, keysFile: values.keys }
  }
  catch (error) {
    misused(error instanceof Error ? error.message : String(error))
  }
  misused('Name one file.')
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
    refuse(`line ${1 + lines.findIndex(line => !isUtf8(Buffer.from(line, 'latin1')))}: this is not UTF-8`)
  }
  try {
    return parseLocated(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  }
  catch (error) {
    if (!(error instanceof JsonFault)) throw error
    refuse(`line ${error.line}, column ${error.column}: ${error.message}`)
  }
}

const { file, keysFile } = readArguments()
const documents = receiptsIn(parse(readFile(file)))
if (documents.length === 0) refuse('line 1: there is no receipt in it')
const issuer = documents[0]?.fields.get('issuer')?.value
const { keys, source, warning } = await verificationKeys({ file: keysFile, issuer: typeof issuer === 'string' && URL.canParse(issuer) ? issuer : undefined, environment: process.env })
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  })
if (warning) console.error(warning)

const verdicts = documents.map(document => checkReceipt(document, keys))
const faults = verdicts.flatMap(verdict => verdict.faults)
if (faults.length) refuse(...faults.map(({ line, problem }) => `line ${line}: ${problem}`), `Checked with the keys of ${source}.`)
for (const { receipt, kid } of verdicts) if (receipt && kid) console.log(describeReceipt(receipt, { kid, source }))
