/**
 * A stand-in of the AWS services that the connector reads, in their own protocols. It checks every signature, knows which roles
 * trust whom under which external id, and gives sessions that end. Everything else is made up, and nothing can be changed but
 * the roles, on a page of its own.
 */
import { randomBytes } from 'node:crypto'
import type { Sandbox, StandIn, StandInOptions } from '../stand-in'
import { same } from '../kit/hash'
import { accounts } from './account'
import { createRole, showCreateRole } from './create-role'
import { operations } from './operations'
import { rehearsalOf, withoutEnd } from './rehearsal'
import { readCall, type Call } from './request'
import { openRoles, type Roles, type Session } from './roles'
import { faultOf, readSignature } from './sigv4'
import { assumeRole, callerIdentity, sessionArn } from './sts'
import { answer as say, fault, html, type Fault, type Outcome, type Protocol } from './wire'

export interface AwsSandboxOptions extends StandInOptions {
  /** Entries of a list in one answer, at most. */
  pageSize?: number
}

export interface AwsSandbox extends Sandbox { roles: Roles }

/** Codes for the same thing, by protocol. */
const codes: Readonly<Record<'unknownKey' | 'denied' | 'expired', Partial<Record<Protocol, string>> & { otherwise: string }>> = {
  unknownKey: { 'otherwise': 'InvalidClientTokenId', 'json': 'UnrecognizedClientException', 'rest-json': 'UnrecognizedClientException', 'ec2': 'AuthFailure', 'rest-xml': 'InvalidAccessKeyId' },
  denied: { 'otherwise': 'AccessDenied', 'json': 'AccessDeniedException', 'rest-json': 'AccessDeniedException', 'ec2': 'UnauthorizedOperation' },
  expired: { 'otherwise': 'ExpiredToken', 'json': 'ExpiredTokenException', 'rest-json': 'ExpiredTokenException', 'ec2': 'RequestExpired' },
}
const codeFor = (what: keyof typeof codes, protocol: Protocol) => codes[what][protocol] ?? codes[what].otherwise

/** @throws Error when the stored state is damaged */
export function createAwsSandbox(options: AwsSandboxOptions): AwsSandbox {
  const { now = Date.now, pageSize = 100, clientId, clientSecret } = options
  const roles = openRoles(options.store, now)
  const prefix = new URL(options.baseUrl).pathname.replace(/\/$/, '')
  const { origin } = new URL(options.baseUrl)

  /** Who signed: a session, our own principal (null), or a fault. */
  function signer(request: Request, body: Uint8Array, protocol: Protocol): Session | null | Fault {
    const signature = readSignature(request)
    if (!signature) return fault('MissingAuthenticationToken', 403, 'Request is missing Authentication Token')
    const session = roles.session(signature.accessKeyId) ?? null
    const own = same(signature.accessKeyId, clientId)
    if (!session && !own) return fault(codeFor('unknownKey', protocol), 403, 'The security token included in the request is invalid.')
    const token = request.headers.get('x-amz-security-token')
    if (session ? token === null || !same(token, session.sessionToken) : token !== null) return fault(codeFor('unknownKey', protocol), 403, 'The security token included in the request is invalid.')
    const wrong = faultOf(request, body, signature, session?.secretAccessKey ?? clientSecret, Date.now())
    if (wrong) return fault(wrong, 403, 'The request signature we calculated does not match the signature you provided.')
    if (session && session.expiresAt <= now()) return fault(codeFor('expired', protocol), 403, 'The security token included in the request is expired')
    return session
  }

  function outcomeOf(call: Call, session: Session | null, region: string): Outcome {
    if (call.action === 'sts:GetCallerIdentity') return Object.keys(call.input).length === 0 ? callerIdentity(session) : fault('ValidationError', 400, 'Unknown parameter')
    if (call.action === 'sts:AssumeRole' && session === null) return assumeRole(call.input, roles, now())
    const operation = Object.hasOwn(operations, call.action) ? operations[call.action] : undefined
    const account = accounts.find(one => one.id === session?.role.accountId)
    if (!session || !account || (operation && (!session.role.audit || account.denied.includes(call.action))) || !roles.find(session.role.arn)) {
      return fault(codeFor('denied', call.protocol), 403, `User: ${session ? sessionArn(session) : 'the scanner'} is not authorized to perform: ${call.action} on resource: *`)
    }
    if (!operation) return fault('InvalidAction', 400, 'The action is not valid for this endpoint.')
    const unknown = Object.keys(call.input).filter(name => !operation.takes.includes(name))
    if (unknown.length > 0) return fault('ValidationException', 400, `Unknown parameter: ${unknown.join(', ')}`)
    return operation.answer({ account, region, input: call.input, now: now(), pageSize })
  }

  async function answer(request: Request, endless = false): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith(`${prefix}/`)) return html('There is nothing here', 404)
    const path = pathname.slice(prefix.length)
    if (path === '/create-role') return request.method === 'POST' ? createRole(request, origin, roles) : showCreateRole(request, origin)
    const body = new Uint8Array(await request.arrayBuffer())
    const signature = readSignature(request)
    const call = readCall(request, path, signature?.service ?? 'sts', body)
    const who = signer(request, body, call.protocol)
    if (who && 'fault' in who) return say(call.protocol, 'Error', who)
    if ('odd' in call) return say(call.protocol, 'Error', fault(call.odd, 400, 'The request is not understood.'))
    const name = call.protocol === 'rest-xml' ? 'PublicAccessBlockConfiguration' : call.action.split(':')[1] ?? ''
    const outcome = (asked: Call) => outcomeOf(asked, who, signature?.region ?? 'us-east-1')
    return say(call.protocol, name, endless ? withoutEnd(call, outcome) : outcome(call))
  }

  return {
    // A fault may read the body, which the answer then needs once more.
    fetch: async request => await options.faults?.(request.clone()) ?? answer(request),
    roles,
    rehearsal: rehearsalOf(prefix, roles, request => answer(request, true)),
  }
}

export const awsStandIn: StandIn = {
  register: () => ({ clientId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`, clientSecret: randomBytes(30).toString('base64') }),
  create: createAwsSandbox,
}
