/** The public keys that signatures of this product are checked with, and where they came from. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { useEncryptionKeys } from '../../server/utils/encryption.ts'
import { loadEnv } from '../../server/utils/env.ts'
import { publicSigningKeys, type PublicKey } from '../../server/utils/signing.ts'

const jwksSchema = z.object({
  keys: z.array(z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), kid: z.string(), use: z.literal('sig'), alg: z.literal('EdDSA') })).min(1),
})

export interface KeyOptions {
  /** A JWKS file. */
  keysFile?: string
  /** Whom to ask when there is neither a file nor a key of this installation. */
  issuer?: string
}

/** @throws Error that says how to hand keys in */
export async function verificationKeys({ keysFile, issuer }: KeyOptions): Promise<{ keys: PublicKey[], source: string }> {
  if (keysFile) return { keys: jwksSchema.parse(JSON.parse(readFileSync(keysFile, 'utf8'))).keys, source: `the file ${keysFile}` }
  const env = loadEnv()
  const kept = join(env.dataDir, 'encryption.key')
  const own = [env.encryptionKey, ...env.previousEncryptionKeys, ...(existsSync(kept) ? [readFileSync(kept, 'utf8').trim()] : [])].filter(key => key !== null)
  const [current, ...previous] = own
  if (current) {
    useEncryptionKeys({ current, previous })
    return { keys: publicSigningKeys(), source: env.encryptionKey ? 'this installation (ENCRYPTION_KEY)' : `this installation (${kept})` }
  }
  const url = `${issuer ?? env.appUrl}/.well-known/jwks.json`
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) })
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
    return { keys: jwksSchema.parse(await answer.json()).keys, source: url }
  }
  catch (cause) {
    throw new Error(`There is no key to check with, and ${url} gave none. To fix: --keys FILE with the issuer's /.well-known/jwks.json, or run it where the installation's key is.`, { cause })
  }
}
