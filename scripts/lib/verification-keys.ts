/**
 * Whom a verifier believes. A document is checked with keys that come from elsewhere, never with one that stands in it:
 *
 *   --keys FILE                 what somebody fetched from /.well-known/jwks.json and kept
 *   this installation's own     derived from ENCRYPTION_KEY, or from DATA_DIR/encryption.key; the database is not opened
 *   APP_URL                     what the installation there publishes
 *   the document's issuer       the same, at an address that the document itself names: said loudly
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { useEncryptionKeys } from '../../server/utils/encryption.ts'
import { environmentSchema } from '../../server/utils/env-schema.ts'
import { publicSigningKeys, type PublicKey } from '../../server/utils/signing.ts'

export type VerificationKey = Pick<PublicKey, 'kid' | 'x'>

export interface KeyOptions {
  /** A JWKS file. */
  file?: string
  /** The address that the document names. */
  issuer?: string
  environment: Readonly<Record<string, string | undefined>>
  fetch?: typeof fetch
}

/** `source`: in words, for the output. `warning`: what the reader must know before believing the result. */
export interface VerificationKeys { keys: VerificationKey[], source: string, warning?: string }

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })
const key = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), kid: z.string(), x: z.string().regex(/^[\w-]{43}$/) })
const variables = environmentSchema.pick({ APP_URL: true, DATA_DIR: true, ENCRYPTION_KEY: true, ENCRYPTION_KEYS_PREVIOUS: true })

/** @throws Error in one line, with what to do */
export async function verificationKeys(options: KeyOptions): Promise<VerificationKeys> {
  if (options.file !== undefined) return { keys: parseKeys(await readText(options.file), options.file), source: `the keys in ${options.file}` }
  const set = Object.fromEntries(Object.entries(options.environment).filter(([, value]) => value?.trim()).map(([name, value]) => [name, value?.trim()]))
  const read = variables.safeParse(set)
  if (!read.success) throw new Error(read.error.issues.map(issue => `${String(issue.path[0])} ${issue.message}`).join('; '))
  const own = await ownKeys(read.data)
  if (own) return own
  const address = set.APP_URL ? read.data.APP_URL : options.issuer
  if (!address) throw new Error('There are no keys to check with. To fix: --keys FILE, a copy of /.well-known/jwks.json of the installation that signed this')
  return published(address, set.APP_URL !== undefined, options.fetch ?? fetch)
}

async function ownKeys({ DATA_DIR = '.data', ENCRYPTION_KEY, ENCRYPTION_KEYS_PREVIOUS }: z.infer<typeof variables>): Promise<VerificationKeys | null> {
  const path = join(DATA_DIR, 'encryption.key')
  const kept = await readFile(path, 'utf8').then(text => text.trim(), () => null)
  const current = ENCRYPTION_KEY ?? kept
  if (!current) return null
  useEncryptionKeys({ current, previous: [...ENCRYPTION_KEYS_PREVIOUS, ...(kept && kept !== current ? [kept] : [])] })
  return { keys: publicSigningKeys(), source: `this installation's own keys (${ENCRYPTION_KEY ? 'ENCRYPTION_KEY' : path})` }
}

async function published(address: string, chosen: boolean, fetch: KeyOptions['fetch'] & {}): Promise<VerificationKeys> {
  const url = `${address.replace(/\/+$/, '')}/.well-known/jwks.json`
  const text = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) }).then(
    answer => answer.ok ? answer.text() : Promise.reject(new Error(`HTTP ${answer.status}`)))
    .catch((error: unknown) => {
      throw new Error(`${url} gave no keys (${error instanceof Error ? error.message : 'no answer'}). To fix: --keys FILE, a copy of what stands there`, { cause: error })
    })
  return {
    keys: parseKeys(text, url),
    source: `the keys at ${url}`,
    ...(chosen ? {} : { warning: `The keys were fetched from ${url}, an address that the document itself names. Whoever forged it could name one of their own: believe this only if that is your installation's address, or give its keys with --keys FILE.` }),
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${path} cannot be read`, { cause: error })
  })
}

/** Keys of other kinds are left aside: a list may hold any. */
function parseKeys(text: string, where: string): VerificationKey[] {
  let keys: VerificationKey[]
  try {
    keys = jwks.parse(JSON.parse(text)).keys.flatMap((one) => {
      const parsed = key.safeParse(one)
      return parsed.success ? [parsed.data] : []
    })
  }
  catch (cause) {
    throw new Error(`${where} is no JSON Web Key Set`, { cause })
  }
  if (!keys.length) throw new Error(`${where} holds no Ed25519 key`)
  return keys
}
