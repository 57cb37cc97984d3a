/**
 * A strict AWS KMS over HTTP, for the SDK's own settings (AWS_ENDPOINT_URL_KMS, ...): Encrypt and Decrypt of symmetric keys
 * in the AWS JSON 1.1 protocol. It takes signed requests only, and binds the encryption context as KMS does. It can be away,
 * slow, or refuse.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { serveHttp } from './http-server.ts'

type Context = Record<string, string>
export interface KmsCall { operation: 'Encrypt' | 'Decrypt', context: Context }

export interface Kms {
  keyId: string
  /** What a process needs in its environment to wrap with this KMS. */
  env: Record<string, string>
  /** In the order in which they came, those that were refused included. */
  calls: KmsCall[]
  count: (operation: KmsCall['operation']) => number
  /** `slow`: takes the request and never answers. */
  become: (state: 'good' | 'slow' | 'denied' | 'throttled') => void
  /** Nothing listens any more. */
  leave: () => Promise<void>
  comeBack: () => Promise<void>
  close: () => Promise<void>
}

const body = z.object({
  KeyId: z.string().optional(), Plaintext: z.string().optional(), CiphertextBlob: z.string().optional(),
  EncryptionContext: z.record(z.string(), z.string()).default({}), EncryptionAlgorithm: z.literal('SYMMETRIC_DEFAULT').optional(),
})
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const signature = /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/[\w-]+\/kms\/aws4_request, SignedHeaders=[\w;-]*host[\w;-]*, Signature=[0-9a-f]{64}$/

export async function startKms(): Promise<Kms> {
  const keyId = 'alias/allyship-test'
  const master = randomBytes(32)
  const calls: KmsCall[] = []
  let state: Parameters<Kms['become']>[0] = 'good'

  const handle = async (request: Request): Promise<Response | null> => {
    const operation = /^TrentService\.(Encrypt|Decrypt)$/.exec(request.headers.get('x-amz-target') ?? '')?.[1]
    if (operation !== 'Encrypt' && operation !== 'Decrypt') return refuse('UnknownOperationException')
    const { KeyId, Plaintext, CiphertextBlob, EncryptionContext: context } = body.parse(await request.json())
    calls.push({ operation, context })
    if (!signature.test(request.headers.get('authorization') ?? '')) return refuse('IncompleteSignatureException')
    if (state === 'slow') return null
    if (state === 'denied') return refuse('AccessDeniedException')
    if (state === 'throttled') return refuse('ThrottlingException')
    if (operation === 'Encrypt' ? KeyId !== keyId : KeyId !== undefined && KeyId !== keyId) return refuse('NotFoundException')
    if (operation === 'Encrypt') return answer({ CiphertextBlob: encrypt(Buffer.from(Plaintext ?? '', 'base64'), context), KeyId })
    const plain = decrypt(Buffer.from(CiphertextBlob ?? '', 'base64'), context)
    return plain ? answer({ Plaintext: plain.toString('base64'), KeyId: keyId }) : refuse('InvalidCiphertextException')
  }

  function encrypt(secret: Buffer, context: Context): string {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(bound(context))
    return Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()]).toString('base64')
  }

  function decrypt(blob: Buffer, context: Context): Buffer | null {
    if (blob.length < 29) return null
    const decipher = createDecipheriv('aes-256-gcm', master, blob.subarray(0, 12)).setAAD(bound(context)).setAuthTag(blob.subarray(-16))
    const plain = decipher.update(blob.subarray(12, -16))
    try { decipher.final() }
    catch { return null }
    return plain
  }

  let server = await serveHttp(handle)
  const { port } = new URL(server.url)
  return {
    keyId,
    env: {
      ENCRYPTION_KMS_KEY_ID: keyId, AWS_ENDPOINT_URL_KMS: server.url, AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'), AWS_EC2_METADATA_DISABLED: 'true',
    },
    calls,
    count: operation => calls.filter(call => call.operation === operation).length,
    become: (next) => { state = next },
    leave: () => server.close(),
    comeBack: async () => { server = await serveHttp(handle, { port: Number(port) }) },
    close: () => server.close(),
  }
}

/** The order of names does not matter to KMS. */
function bound(context: Context): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort()))
}

function answer(fields: object): Response {
  return new Response(JSON.stringify({ ...fields, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }), { headers: { 'content-type': 'application/x-amz-json-1.1' } })
}

function refuse(type: string): Response {
  return new Response(JSON.stringify({ __type: type, message: `arn:aws:kms:eu-central-1:111122223333: ${type}` }), { status: 400, headers: { 'content-type': 'application/x-amz-json-1.1' } })
}
