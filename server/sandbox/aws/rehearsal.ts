import type { GrantAction, Rehearsal, Sandbox } from '../stand-in'
import { accounts } from './account'
import { readCall, type Call } from './request'
import type { Role, Roles } from './roles'
import { readSignature } from './sigv4'
import { answer as say, fault, type Outcome, type Protocol } from './wire'

const throttled: Readonly<Partial<Record<Protocol, string>>> = { 'json': 'ThrottlingException', 'rest-json': 'TooManyRequestsException', 'ec2': 'RequestLimitExceeded', 'rest-xml': 'SlowDown' }

const trustWords: Readonly<Record<Role['trust'], string>> = { id: 'trusts the external id', open: 'trusts without an external id', any: 'trusts with any external id' }

/** No headers tell of limits, and nothing is told of an end. What stands for a grant is a role. */
export function rehearsalOf(prefix: string, roles: Roles, answerEndlessly: Sandbox['fetch']): Rehearsal {
  const pathOf = (request: Request) => new URL(request.url).pathname.slice(prefix.length)
  async function calledOf(request: Request) {
    return readCall(request, pathOf(request), readSignature(request)?.service ?? 'sts', new Uint8Array(await request.clone().arrayBuffer()))
  }
  return {
    kindOf: async (request) => {
      if (pathOf(request) === '/create-role') return 'page'
      const call = await calledOf(request)
      return 'action' in call && call.action === 'sts:AssumeRole' ? 'token' : 'api'
    },
    rateLimited: async (request) => {
      const { protocol } = await calledOf(request)
      return say(protocol, 'Error', fault(throttled[protocol] ?? 'Throttling', protocol === 'rest-json' ? 429 : 400, 'Rate exceeded'))
    },
    failed: async request => say((await calledOf(request)).protocol, 'Error', fault('InternalFailure', 500, 'The request processing has failed because of an unknown error.')),
    endless: answerEndlessly,
    asksConsent: false,
    grants: () => roles.list().map((role) => {
      const action = (id: string, label: string, done: () => unknown): GrantAction => ({
        id, label,
        run: () => {
          done()
          return null
        },
      })
      const change = (id: string, label: string, to: Partial<Pick<Role, 'trust' | 'audit'>>) => action(id, label, () => roles.put({ ...role, ...to }))
      const account = accounts.find(one => one.id === role.accountId)
      return {
        id: role.arn, account: `${account?.title ?? role.accountId} (${role.accountId})`,
        detail: `${role.arn.split('/').at(-1)} ${trustWords[role.trust]}, ${role.audit ? 'with' : 'without'} SecurityAudit`, since: null,
        actions: [
          action('expire', 'Expire its sessions', () => roles.endSessions(role.arn)),
          ...role.trust === 'open' ? [] : [change('loosen', 'Take the condition off its trust', { trust: 'open' })],
          ...role.trust === 'any' ? [] : [change('widen', 'Let any external id in', { trust: 'any' })],
          ...role.trust === 'id' ? [] : [change('tighten', 'Put its trust right', { trust: 'id' })],
          role.audit ? change('detach', 'Detach SecurityAudit', { audit: false }) : change('attach', 'Attach SecurityAudit', { audit: true }),
          action('remove', 'Remove the role', () => roles.remove(role.arn)),
        ],
      }
    }),
    endGrants: () => { for (const { arn } of roles.list()) roles.remove(arn) },
  }
}

/** By what a list goes on, and under which name it says so. */
const lists: Readonly<Record<string, { asked: string, told: string }>> = {
  'kms:ListKeys': { asked: 'Marker', told: 'NextMarker' },
  'ec2:DescribeSecurityGroups': { asked: 'NextToken', told: 'nextToken' },
  'rds:DescribeDBInstances': { asked: 'Marker', told: 'Marker' },
  'guardduty:ListDetectors': { asked: 'nextToken', told: 'nextToken' },
}

/** The list's beginning, whichever page is asked for, and behind it always one more. */
export function withoutEnd(call: Call, outcomeOf: (call: Call) => Outcome): Outcome {
  const list = Object.hasOwn(lists, call.action) ? lists[call.action] : undefined
  if (!list) return outcomeOf(call)
  const { [list.asked]: asked, ...input } = call.input
  const further = { [list.told]: `page-${Number(/\d+$/.exec(asked ?? '')?.[0] ?? 0) + 1}` }
  const outcome = outcomeOf({ ...call, input })
  if ('fault' in outcome) return outcome
  if ('json' in outcome) return { json: { ...Object(outcome.json), ...further, ...(list.told === 'NextMarker' ? { Truncated: true } : {}) } }
  return { xml: { ...Object(outcome.xml), ...further } }
}
