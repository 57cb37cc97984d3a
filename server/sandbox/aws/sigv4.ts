/** Signature Version 4, as the one who verifies it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
import { createHash, createHmac } from 'node:crypto'
import { same } from '../kit/hash'

export interface Signature { accessKeyId: string, date: string, region: string, service: string, signedHeaders: string[], signature: string }

const form = /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]{16,128})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/

export function readSignature(request: Request): Signature | null {
  const [, accessKeyId, date, region, service, headers, signature] = form.exec(request.headers.get('authorization') ?? '') ?? []
  return accessKeyId && date && region && service && headers && signature ? { accessKeyId, date, region, service, signedHeaders: headers.split(';'), signature } : null
}

const sha256 = (value: string | Uint8Array) => createHash('sha256').update(value).digest('hex')
const hmac = (key: string | Uint8Array, value: string) => createHmac('sha256', key).update(value).digest()
const encoded = (value: string) => encodeURIComponent(value).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

function canonicalQuery(url: URL): string {
  return [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort().join('&')
}

/** What the transport makes anew: the values that were signed follow from the request. */
function headerOf(request: Request, url: URL, body: Uint8Array, name: string): string {
  const given = request.headers.get(name)
  if (name === 'host') return url.host
  if (name === 'content-length') return given ?? String(body.byteLength)
  return (given ?? '').trim().replace(/ +/g, ' ')
}

/** What has to be signed, so that nobody changes it on the way. */
const least = ['host', 'x-amz-date']

/**
 * @param skewMs how far the two clocks may differ
 * @returns what is wrong, as AWS calls it, or null
 */
export function faultOf(request: Request, body: Uint8Array, signature: Signature, secretAccessKey: string, now: number, skewMs = 15 * 60_000): string | null {
  const url = new URL(request.url)
  const { signedHeaders, date, region, service } = signature
  const moment = request.headers.get('x-amz-date') ?? ''
  const token = request.headers.has('x-amz-security-token') ? ['x-amz-security-token'] : []
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(moment) ?? []
  const [year = '', month = '', day = '', hour = '', minute = '', second = ''] = parts
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (!moment.startsWith(date) || ![...least, ...token].every(name => signedHeaders.includes(name))) return 'IncompleteSignature'
  if (!(Math.abs(time - now) <= skewMs)) return 'RequestExpired'
  const hash = request.headers.get('x-amz-content-sha256') ?? sha256(body)
  if (hash !== sha256(body)) return 'SignatureDoesNotMatch'
  const canonical = [
    request.method, url.pathname.split('/').map(encoded).join('/').replaceAll('%25', '%'), canonicalQuery(url),
    ...signedHeaders.map(name => `${name}:${headerOf(request, url, body, name)}`), '', signedHeaders.join(';'), hash,
  ].join('\n')
  const scope = `${date}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', moment, scope, sha256(canonical)].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<string | Uint8Array>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`)
  return same(hmac(key, toSign).toString('hex'), signature.signature) ? null : 'SignatureDoesNotMatch'
}
