/** Which action a request asks for, read from whichever protocol it speaks. */
import { isForm } from '../kit/http'
import type { Protocol } from './wire'

export interface Call { action: string, protocol: Protocol, input: Record<string, string> }
/** Not understood: the service's code for it. */
export interface Odd { odd: string, protocol: Protocol }

const versions: Readonly<Record<string, string>> = { sts: '2011-06-15', iam: '2010-05-08', rds: '2014-10-31', ec2: '2016-11-15' }
const targets: Readonly<Record<string, string>> = { cloudtrail: 'CloudTrail_20131101', kms: 'TrentService' }

/** @param path below the mount @param service as the signature says it */
export function readCall(request: Request, path: string, service: string, body: Uint8Array): Call | Odd {
  const { searchParams } = new URL(request.url)
  if (service === 'guardduty') return readDetector(request, path, searchParams)
  if (service === 's3') {
    const right = request.method === 'GET' && path === '/v20180820/configuration/publicAccessBlock' && searchParams.size === 0
    return right ? { action: 's3:GetAccountPublicAccessBlock', protocol: 'rest-xml', input: {} } : { odd: 'MethodNotAllowed', protocol: 'rest-xml' }
  }
  const protocol: Protocol = service in targets ? 'json' : service === 'ec2' ? 'ec2' : 'query'
  if (request.method !== 'POST' || path !== '/' || searchParams.size > 0) return { odd: 'InvalidAction', protocol }
  const text = new TextDecoder().decode(body)
  return protocol === 'json' ? readJson(request, service, text) : readForm(request, service, text, protocol)
}

function readForm(request: Request, service: string, text: string, protocol: Protocol): Call | Odd {
  const form = new URLSearchParams(text)
  const names = [...form.keys()]
  const { Action: action, Version: version, ...input } = Object.fromEntries(form)
  if (!isForm(request) || !action || version !== versions[service] || new Set(names).size !== names.length) return { odd: 'InvalidAction', protocol }
  return { action: `${service}:${action}`, protocol, input }
}

function readJson(request: Request, service: string, text: string): Call | Odd {
  const odd: Odd = { odd: 'SerializationException', protocol: 'json' }
  const [target, action] = (request.headers.get('x-amz-target') ?? '').split('.')
  if (request.headers.get('content-type') !== 'application/x-amz-json-1.1' || target !== targets[service] || !action) return { ...odd, odd: 'UnknownOperationException' }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return odd
    return { action: `${service}:${action}`, protocol: 'json', input: Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)])) }
  }
  catch {
    return odd
  }
}

function readDetector(request: Request, path: string, query: URLSearchParams): Call | Odd {
  const [, id] = /^\/detector(?:\/([0-9a-z]+))?$/.exec(path) ?? []
  if (request.method !== 'GET' || !path.startsWith('/detector')) return { odd: 'BadRequestException', protocol: 'rest-json' }
  return id === undefined
    ? { action: 'guardduty:ListDetectors', protocol: 'rest-json', input: Object.fromEntries(query) }
    : { action: 'guardduty:GetDetector', protocol: 'rest-json', input: { DetectorId: id } }
}
