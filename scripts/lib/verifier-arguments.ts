/** What the two verifiers take: `FILE [--keys KEYS | --trust-issuer ADDRESS]`. */
import { parseArgs } from 'node:util'
import { webAddress } from '../../server/utils/env-schema.ts'
import type { Trust } from './verification-keys.ts'

/** @param name of the npm script. npm takes options for itself that do not stand behind `--`. */
export function usageOf(name: string): string {
  return `Usage: npm run ${name} FILE [-- --keys KEYS | --trust-issuer https://your-installation]`
}

/** @throws Error in one sentence */
export function readArguments(args?: string[]): { path: string, trust: Trust } {
  const { values: { keys, 'trust-issuer': issuer }, positionals: [path, ...more] } = parseArgs({
    args, allowPositionals: true, options: { 'keys': { type: 'string' }, 'trust-issuer': { type: 'string' } } })
  if (!path || more.length) throw new Error('Name one file.')
  if (keys !== undefined && issuer !== undefined) throw new Error('Give --keys or --trust-issuer, not both.')
  return { path, trust: { file: keys, issuer: issuer === undefined ? undefined : trustworthy(issuer) } }
}

/** Whoever is between would hand out keys of their own: TLS, or this machine. */
function trustworthy(text: string): string {
  const address = webAddress.safeParse(text)
  const url = address.success ? new URL(address.data) : null
  if (!address.success || !url || (url.protocol !== 'https:' && !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))) {
    throw new Error('--trust-issuer is no address such as https://integrations.example.com.')
  }
  return address.data
}
