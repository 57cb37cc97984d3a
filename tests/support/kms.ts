/**
 * A strict AWS KMS over HTTP, for the SDK's own settings (AWS_ENDPOINT_URL_KMS, ...): Encrypt and Decrypt of symmetric keys
 * in the AWS JSON 1.1 protocol. It takes signed requests only, and binds the encryption context as KMS does. Stricter than KMS,
 * it decrypts with a named key only. It can be away, slow, or refuse.
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { serveHttp } from './http-server.ts'

type Context = Record<string, string>
export interface KmsCall { operation: 'Encrypt' | 'Decrypt', keyId?: string, context: Context }

export interface Kms {
  /** An alias. */
  keyId: string
  /** Of the key that it stands for at first. */
  arn: string
  /** @returns its ARN */
  addKey: () => string
  /** What the alias stands for from now on. */
  pointAlias: (arn: string) => void
  /** The key is disabled, or its policy lets us use it no more. */
  closeKey: (arn: string) => void
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
  const masters = new Map<string, Buffer>()
  const closed = new Set<string>()
  const addKey = () => {
    const arn = `arn:aws:kms:eu-central-1:111122223333:key/${randomUUID()}`
    masters.set(arn, randomBytes(32))
    return arn
  }
  const first = addKey()
  let aliased = first
  /** A key by its ARN, its id, or the alias. */
  const find = (name: string) => name === keyId ? aliased : [...masters.keys()].find(arn => name === arn || name === arn.split('/')[1])
  const calls: KmsCall[] = []
  let state: Parameters<Kms['become']>[0] = 'good'

  const handle = async (request: Request): Promise<Response | null> => {
    const operation = /^TrentService\.(Encrypt|Decrypt)$/.exec(request.headers.get('x-amz-target') ?? '')?.[1]
    if (operation !== 'Encrypt' && operation !== 'Decrypt') return refuse('UnknownOperationException')
    const { KeyId, Plaintext, CiphertextBlob, EncryptionContext: context } = body.parse(await request.json())
    calls.push({ operation, keyId: KeyId, context })
    if (!signature.test(request.headers.get('authorization') ?? '')) return refuse('IncompleteSignatureException')
    if (state === 'slow') return null
    if (state === 'denied') return refuse('AccessDeniedException')
    if (state === 'throttled') return refuse('ThrottlingException')
    if (KeyId === undefined) return refuse('ValidationException')
    const arn = find(KeyId)
    const master = masters.get(arn ?? '')
    if (!arn || !master) return refuse('NotFoundException')
    if (closed.has(arn)) return refuse('DisabledException')
    if (operation === 'Encrypt') return answer({ CiphertextBlob: encrypt(arn, master, Buffer.from(Plaintext ?? '', 'base64'), context), KeyId: arn })
    // A blob names its key, as KMS's do.
    const [maker = '', sealed = ''] = Buffer.from(CiphertextBlob ?? '', 'base64').toString('latin1').split(' ')
    if (masters.has(maker) && maker !== arn) return refuse('IncorrectKeyException')
    const plain = decrypt(master, Buffer.from(sealed, 'base64'), context)
    return plain ? answer({ Plaintext: plain.toString('base64'), KeyId: arn }) : refuse('InvalidCiphertextException')
  }

  let server = await serveHttp(handle)
  const { port } = new URL(server.url)
  return {
    keyId,
    arn: first,
    addKey,
    pointAlias: (arn) => { aliased = arn },
    closeKey: arn => void closed.add(arn),
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

function encrypt(arn: string, master: Buffer, secret: Buffer, context: Context): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(bound(context))
  const sealed = Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()]).toString('base64')
  return Buffer.from(`${arn} ${sealed}`).toString('base64')
}

function decrypt(master: Buffer, blob: Buffer, context: Context): Buffer | null {
  if (blob.length < 29) return null
  const decipher = createDecipheriv('aes-256-gcm', master, blob.subarray(0, 12)).setAAD(bound(context)).setAuthTag(blob.subarray(-16))
  const plain = decipher.update(blob.subarray(12, -16))
  try { decipher.final() }
  catch { return null }
  return plain
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
