/**
 * `npm run verify-audit FILE [-- --keys KEYS | --trust-issuer ADDRESS]`: whether an export of the audit log is what was written. Needs
 * no database and no running app. Exits with 0, with 1 and the first line at fault, or with 2 when it was called wrongly.
 */
import { stat } from 'node:fs/promises'
import process from 'node:process'
import { checkExport, FileFault, type Proof } from './lib/audit-file.ts'
import { verificationKeys, type VerificationKeys } from './lib/verification-keys.ts'
import { readArguments, usageOf } from './lib/verifier-arguments.ts'

function calledWith(): ReturnType<typeof readArguments> | null {
  try {
    return readArguments()
  }
  catch {
    return null
  }
}

function describe({ header, footer, firstAt, lastAt }: Proof, { source }: VerificationKeys): string {
  return [
    `The export is what was written: ${footer.count} ${footer.count === 1 ? 'entry' : 'entries'}, none altered, removed, added or moved.`,
    `  organization  ${header.organization_id}`,
    `  entries       ${header.from_seq} to ${footer.head_seq}${header.from_seq > 1 ? ` (an earlier export has those before ${header.from_seq}; the last of them has the hash ${header.prev_hash})` : ', from the first one on'}`,
    `  period        ${firstAt ?? '–'} to ${lastAt ?? '–'}`,
    `  head          ${footer.head_hash}`,
    `  exported      ${header.exported_at} by ${header.issuer}`,
    `  signed by     ${footer.kid}, of ${source}`,
  ].join('\n')
}

/** @returns the exit code */
async function main(): Promise<number> {
  const given = calledWith()
  if (!given) {
    console.error(usageOf('verify-audit'))
    return 2
  }
  if (!await stat(given.path).then(found => found.isFile(), () => false)) {
    console.error(`${given.path} is no file that can be read`)
    return 2
  }
  let trusted: VerificationKeys | undefined
  try {
    const proof = await checkExport(given.path, async () => {
      trusted = await verificationKeys({ ...given.trust, environment: process.env })
      return trusted.keys
    })
    if (trusted) console.log(describe(proof, trusted))
    return 0
  }
  catch (error) {
    const hint = error instanceof FileFault && trusted ? `\nIt was checked with ${trusted.source}.` : ''
    console.error(`${error instanceof Error ? error.message : String(error)}${hint}`)
    return 1
  }
}

process.exitCode = await main()
