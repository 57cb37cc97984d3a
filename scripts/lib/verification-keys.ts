/**
 * Whom a verifier believes. Somebody has to have said so: a document is checked with keys that come from elsewhere, and not with
 * those of an address that it names itself, since whoever forged it named their own.
 *
 *   --keys FILE                 what somebody fetched from /.well-known/jwks.json and kept
 *   --trust-issuer ADDRESS      what the installation there publishes now
 *   this installation's own     derived from ENCRYPTION_KEY, or from DATA_DIR/encryption.key; the database is not opened
 *   APP_URL                     what this installation publishes, where its key is elsewhere (in a KMS)
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { useEncryptionKeys } from '../../server/utils/encryption.ts'
import { environmentSchema } from '../../server/utils/env-schema.ts'
import { publicSigningKeys, type PublicKey } from '../../server/utils/signing.ts'

export type VerificationKey = Pick<PublicKey, 'kid' | 'x'>

/** What was said on the command line. */
export interface Trust {
  /** A JWKS file. */
  file?: string
  /** An installation's address. */
  issuer?: string
}

export interface KeyOptions extends Trust {
  environment: Readonly<Record<string, string | undefined>>
  fetch?: typeof fetch
}

/** `keys`: none when nobody said whom to trust; nothing is proven then. `source`: in words, for the output; then with what to do. */
export interface VerificationKeys { keys: VerificationKey[], source: string }

const nobody = 'no keys, since nothing says whom to trust. To fix: add -- --keys KEYS, a copy of /.well-known/jwks.json of the installation that signed '
  + 'this, fetched by a way that you trust; or -- --trust-issuer https://its-address; or run it with the environment of that installation '
  + '(ENCRYPTION_KEY, DATA_DIR or APP_URL)'

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })
const key = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), kid: z.string(), x: z.string().regex(/^[\w-]{43}$/) })
const variables = environmentSchema.pick({ APP_URL: true, SUPABASE_URL: true, DATA_DIR: true, ENCRYPTION_KEY: true, ENCRYPTION_KEYS_PREVIOUS: true })

/** @throws Error in one line, with what to do */
export async function verificationKeys({ file, issuer, environment, fetch: send = fetch }: KeyOptions): Promise<VerificationKeys> {
  if (file !== undefined) return { keys: parseKeys(await readText(file), file), source: `the keys in ${file}` }
  if (issuer !== undefined) return published(issuer, send)
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()).map(([name, value]) => [name, value?.trim()]))
  const read = variables.safeParse(set)
  if (!read.success) throw new Error(read.error.issues.map(issue => `${String(issue.path[0])} ${issue.message}`).join('; '))
  const own = await ownKeys(read.data)
  if (own) return own
  // The schema has a default, which nobody said.
  return set.APP_URL === undefined ? { keys: [], source: nobody } : published(read.data.APP_URL, send)
}

async function ownKeys({ SUPABASE_URL, DATA_DIR = '.data', ENCRYPTION_KEY, ENCRYPTION_KEYS_PREVIOUS }: z.infer<typeof variables>): Promise<VerificationKeys | null> {
  const path = join(DATA_DIR, 'encryption.key')
  // With Supabase, a file there is left from another installation, such as a trial with the embedded database.
  const kept = SUPABASE_URL ? null : await readFile(path, 'utf8').then(text => text.trim(), () => null)
  const current = ENCRYPTION_KEY ?? kept
  if (!current) return null
  useEncryptionKeys({ current, previous: [...ENCRYPTION_KEYS_PREVIOUS, ...(kept && kept !== current ? [kept] : [])] })
  return { keys: publicSigningKeys(), source: `this installation's own keys (${ENCRYPTION_KEY ? 'ENCRYPTION_KEY' : path})` }
}

async function published(address: string, send: typeof fetch): Promise<VerificationKeys> {
  const url = `${address}/.well-known/jwks.json`
  const text = await send(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) }).then(
    answer => answer.ok ? answer.text() : Promise.reject(new Error(`HTTP ${answer.status}`)))
    .catch((error: unknown) => {
      throw new Error(`${url} gave no keys (${error instanceof Error ? error.message : 'no answer'}). To fix: add -- --keys KEYS, a copy of what stands there`, { cause: error })
    })
  return { keys: parseKeys(text, url), source: `the keys at ${url}` }
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
