/**
 * The self-check of encryption.ts, for an operator who wants to know whether a key is usable and this machine's
 * cryptography does what it should. Exit code 1 on any failure.
 */
import { Buffer } from 'node:buffer'
import { createSecretKey, randomBytes } from 'node:crypto'
import process from 'node:process'
import { currentKeyId, decryptConfig, encryptConfig, EncryptionError, keyIdOf, seal, unseal, useEncryptionKeys } from './encryption.ts'
import { env } from './env.ts'

/** Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, submitted to NIST. */
const knownAnswer = {
  key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
  iv: 'cafebabefacedbaddecaf888',
  text: 'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  bound: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
  ciphertext: '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
  tag: '76fc6ece0f4e1768cddf8853bb2d551b',
}

/** The code of the refusal, or 'opened': a check that nothing refuses must not look like a pass. */
function refusal(attempt: () => unknown): string {
  try { attempt() }
  catch (error) { return error instanceof EncryptionError ? error.code : 'another error' }
  return 'opened'
}

/** Each step as a sentence and whether it held. Replaces the installed keys on the way. */
function* steps(): Generator<[string, boolean]> {
  const here = { integrationId: '5b0f4f0e-0000-4000-8000-000000000001', organizationId: '5b0f4f0e-0000-4000-8000-00000000000a' }
  const config = { access_token: 'self-check-access', refresh_token: 'self-check-refresh', project_id: 'abc', expires_at: null }
  const sealed = encryptConfig(config, here)
  const opened = decryptConfig(sealed, here)
  yield [`encrypts with key ${currentKeyId()} and names it in the value`, keyIdOf(sealed.access_token) === currentKeyId()]
  yield ['leaves the other fields as they are', sealed.project_id === 'abc' && sealed.expires_at === null]
  yield ['does not hold the text in the clear', !JSON.stringify(sealed).includes('self-check')]
  yield ['decrypts what it encrypted', JSON.stringify(opened) === JSON.stringify(config)]
  yield ['never encrypts to the same value twice', encryptConfig(config, here).access_token !== sealed.access_token]

  const cut = { ...sealed, access_token: sealed.access_token.slice(0, -4) }
  const flipped = { ...sealed, access_token: sealed.access_token.replace(/.(?=...$)/, letter => letter === 'A' ? 'B' : 'A') }
  yield ['refuses a flipped byte', refusal(() => decryptConfig(flipped, here)) === 'value_rejected']
  yield ['refuses a cut value', refusal(() => decryptConfig(cut, here)) !== 'opened']
  const moved = { access_token: sealed.refresh_token }
  yield ['refuses a value moved to another field', refusal(() => decryptConfig(moved, here)) === 'value_rejected']
  yield ['refuses a value moved to another integration', refusal(() => decryptConfig(sealed, { ...here, integrationId: 'other' })) === 'value_rejected']
  yield ['refuses a value moved to another organization', refusal(() => decryptConfig(sealed, { ...here, organizationId: 'other' })) === 'value_rejected']

  useEncryptionKeys({ current: randomBytes(32).toString('base64') })
  yield ['refuses a value of a key it does not have', refusal(() => decryptConfig(sealed, here)) === 'key_unknown']
  const bare = { access_token: sealed.access_token.slice(9) }
  yield ['refuses the wrong key when the value names none', refusal(() => decryptConfig(bare, here)) === 'value_rejected']

  const hex = (text: string) => Buffer.from(text, 'hex')
  const key = createSecretKey(hex(knownAnswer.key))
  const { ciphertext, tag } = seal(key, hex(knownAnswer.iv), hex(knownAnswer.text), hex(knownAnswer.bound))
  const back = unseal(key, hex(knownAnswer.iv), ciphertext, tag, hex(knownAnswer.bound))
  yield ['gives the known answer of the GCM specification (test case 16)',
    ciphertext.toString('hex') === knownAnswer.ciphertext && tag.toString('hex') === knownAnswer.tag && back?.toString('hex') === knownAnswer.text]
}

/** Prints each step; sets the exit code. */
export function main(): void {
  try {
    if (!env().encryptionKey) throw new EncryptionError('key_missing', 'ENCRYPTION_KEY is not set. Try: ENCRYPTION_KEY=$(openssl rand -base64 32) node server/utils/encryption.ts')
    let failed = 0
    for (const [sentence, held] of steps()) {
      process.stdout.write(`${held ? 'ok    ' : 'FAILED'} ${sentence}\n`)
      if (!held) failed += 1
    }
    process.stdout.write(failed ? `${failed} steps failed: do not use this installation.\n` : 'Encryption works with this key.\n')
    process.exitCode = failed ? 1 : 0
  }
  catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'The self-check could not run.'}\n`)
    process.exitCode = 1
  }
}
