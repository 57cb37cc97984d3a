/**
 * AWS KMS as the key-encryption key (ENCRYPTION_KMS_KEY_ID). The data key's id and the organization go along as KMS's
 * encryption context, which is bound like additional data and stands in CloudTrail. Both calls name the key: Encrypt the one that
 * is set, Decrypt the one that Encrypt said it had used, so that KMS refuses a blob that was made under another
 * (https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#KMS-Decrypt-request-KeyId). Region, credentials and address
 * (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_KMS, ...) are the SDK's own affair:
 * https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
import type { KMSClient } from '@aws-sdk/client-kms'
import { EncryptionError } from './encryption.ts'

type Context = Record<string, string>

/** Milliseconds: for a connection, for an answer, and for both attempts together. */
const CONNECT_MS = 2_000
const ANSWER_MS = 3_000
const PATIENCE_MS = 7_000

let client: Promise<{ sdk: typeof import('@aws-sdk/client-kms'), kms: KMSClient }> | undefined

/** Loaded on first use: most installations have no KMS. */
async function open() {
  client ??= import('@aws-sdk/client-kms').then(sdk => ({
    sdk, kms: new sdk.KMSClient({ maxAttempts: 2, requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true } }),
  }))
  return client
}

/** What KMS says of a blob that was altered, or moved to another key or organization. */
const rejections = ['InvalidCiphertextException', 'IncorrectKeyException']

/** The system's code (ECONNREFUSED) says more than the name that every error has. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const names = ['code' in error ? error.code : null, error.name]
  return names.find(name => typeof name === 'string' && /^[A-Za-z_]{3,60}$/.test(name)) as string | undefined ?? 'unknown'
}

/** No message of the SDK goes on: it may quote ids, hosts and the request. */
function failure(error: unknown): EncryptionError {
  const name = nameOf(error)
  if (rejections.includes(name)) return new EncryptionError('value_rejected', 'A data key was altered, or moved from another organization, or wrapped by another KMS key')
  return new EncryptionError('key_unavailable', `The key management service did not open or make a key (${name}). `
    + 'Check ENCRYPTION_KMS_KEY_ID, the AWS region and credentials, and that kms:Encrypt and kms:Decrypt are allowed')
}

/**
 * @param keyId id, ARN or alias
 * @returns the blob in base64, and the ARN of the key that made it, which stays the same when an alias is moved
 * @throws EncryptionError key_unavailable
 */
export async function kmsEncrypt(keyId: string, secret: Uint8Array, context: Context): Promise<{ blob: string, keyArn: string }> {
  try {
    const { sdk, kms } = await open()
    const { CiphertextBlob: blob, KeyId: keyArn } = await kms.send(
      new sdk.EncryptCommand({ KeyId: keyId, Plaintext: secret, EncryptionContext: context }), { abortSignal: AbortSignal.timeout(PATIENCE_MS) })
    if (!blob || !keyArn) throw new Error('NoCiphertext')
    return { blob: Buffer.from(blob).toString('base64'), keyArn }
  }
  catch (error) {
    throw failure(error)
  }
}

/** @param keyId of the key that made the blob @param blob base64 @throws EncryptionError key_unavailable, value_rejected */
export async function kmsDecrypt(keyId: string, blob: string, context: Context): Promise<Buffer> {
  try {
    const { sdk, kms } = await open()
    const { Plaintext: secret } = await kms.send(
      new sdk.DecryptCommand({ KeyId: keyId, CiphertextBlob: Buffer.from(blob, 'base64'), EncryptionContext: context }), { abortSignal: AbortSignal.timeout(PATIENCE_MS) })
    if (secret?.length !== 32) throw new Error('NoPlaintext')
    return Buffer.from(secret)
  }
  catch (error) {
    throw failure(error)
  }
}
