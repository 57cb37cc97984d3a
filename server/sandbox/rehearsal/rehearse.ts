import { setTimeout as delay } from 'node:timers/promises'
import { isForm } from '../kit/http'
import type { Rehearsal, Sandbox } from '../stand-in'
import { broken } from './broken'
import type { Fault, Faults } from './faults'

/**
 * A stand-in behind its faults: whoever calls meets them as they would meet the provider's own, whatever way the call came.
 */
export function rehearsed(sandbox: Sandbox, rehearsal: Rehearsal, faults: Faults): Sandbox['fetch'] {
  return async (request) => {
    if (faults.list().length === 0) return sandbox.fetch(request)
    const kind = await rehearsal.kindOf(request.clone())
    // Looking at a page is no call: what is denied is the answer to its question.
    if (kind === 'page' && !await approves(request)) return sandbox.fetch(request)
    const met = faults.meet(kind)
    const late = met.find(fault => fault.kind === 'slow')
    if (late) await delay(late.amount, undefined, { signal: request.signal })
    if (met.some(fault => fault.kind === 'denied')) return sandbox.fetch(await denied(request))
    const answering = met.find(fault => fault.kind !== 'slow')
    return answering ? answered(answering, request, sandbox, rehearsal) : sandbox.fetch(request)
  }
}

async function answered({ kind, amount }: Fault, request: Request, sandbox: Sandbox, rehearsal: Rehearsal): Promise<Response> {
  switch (kind) {
    case 'rate_limited': return rehearsal.rateLimited(request, amount)
    case 'server_error': return rehearsal.failed(request)
    case 'endless': return rehearsal.endless?.(request) ?? sandbox.fetch(request)
    case 'slow':
    case 'denied': return sandbox.fetch(request)
    default: return broken[kind]()
  }
}

async function approves(request: Request): Promise<boolean> {
  return request.method === 'POST' && isForm(request) && new URLSearchParams(await request.clone().text()).get('decision') === 'approve'
}

/** The same form, with the other button. */
async function denied(request: Request): Promise<Request> {
  const form = new URLSearchParams(await request.text())
  form.set('decision', 'deny')
  return new Request(request.url, { method: 'POST', headers: request.headers, body: form.toString() })
}
