/**
 * What each route answers whom. One line per route; a route of the file tree without a line fails the suite.
 *
 * `other` is the owner of another organization and asks for what belongs to the first one: where a route takes an id that
 * is a 404; where it takes none, they get what is their own.
 */
import { randomUUID } from 'node:crypto'
import type { Colleague } from '../../support/company.ts'

export const callers = ['nobody', 'other', 'member', 'admin', 'owner'] as const
export type Caller = (typeof callers)[number]

export interface World {
  mode: 'embedded' | 'supabase'
  organizationId: string
  organizationName: string
  receiptId: string
  adminId: string
  memberId: string
  integrationId: string
  resourceId: string
  assessmentId: string
  /** Made for one call, which may destroy it. */
  fresh: {
    colleague: () => Promise<Colleague>
    invitationId: () => Promise<string>
    /** Another one of the owner's, of the same name. */
    organizationId: () => Promise<string>
    integrationId: () => Promise<string>
    /** The owner signed in as another account and has not answered yet. */
    connectionId: () => Promise<string>
    /** The same integration, when nothing is running on it. */
    idleIntegrationId: () => Promise<string>
    /** A calendar address of the organization. */
    calendar: () => Promise<void>
  }
}

export interface Entry {
  /** Of nobody, other, member, admin, owner. */
  answers: string | ((world: World) => string)
  /** Where it differs from the route's pattern. `succeeds`: the call is one that may destroy what it names. */
  path?: (world: World, succeeds: boolean) => string | Promise<string>
  body?: (world: World) => unknown
  /** Ends or changes the caller's own session: a sign-in of its own for each call. */
  ownSession?: boolean
  /** Called by servers, by a signature of theirs: from where a browser would call does not matter. */
  anyOrigin?: boolean
}

const readers = '401 200 200 200 200'
const readersOfOne = '401 404 200 200 200'
const admins = '401 404 403 200 200'
/** What the owner began is the owner's alone: another admin gets what a stranger gets. */
const ownersAlone = (status: string) => `401 404 403 404 ${status}`
const token = 'A'.repeat(43)
const spare = randomUUID()
const noFlow = '0'.repeat(16)

export const expected: Record<string, Entry> = {
  'ALL /api': { answers: '404 404 404 404 404' },
  'ALL /api/**': { answers: '404 404 404 404 404', path: () => '/api/nowhere' },
  'DELETE /api/connections/:id': { answers: ownersAlone('204'), path: async w => `/api/connections/${await w.fresh.connectionId()}` },
  'DELETE /api/calendar': {
    answers: '401 404 403 204 204',
    path: async (w, succeeds) => {
      if (succeeds) await w.fresh.calendar()
      return '/api/calendar'
    },
  },
  'DELETE /api/integrations/:id': { answers: '401 404 403 204 204', path: async (w, succeeds) => `/api/integrations/${succeeds ? await w.fresh.integrationId() : w.integrationId}` },
  'DELETE /api/invitations/:id': { answers: '401 404 403 204 204', path: async w => `/api/invitations/${await w.fresh.invitationId()}` },
  'DELETE /api/members/:user': { answers: '401 404 403 204 204', path: async (w, succeeds) => `/api/members/${succeeds ? (await w.fresh.colleague()).id : w.adminId}` },
  // Of an organization of its own for each call that succeeds: the others ask for the first one.
  'DELETE /api/organizations/:id': { answers: '401 404 403 403 200', path: async (w, succeeds) => `/api/organizations/${succeeds ? await w.fresh.organizationId() : w.organizationId}`, body: w => ({ name: w.organizationName }) },
  'DELETE /api/session': { answers: '204 204 204 204 204', ownSession: true },
  'GET /api/alerts': { answers: readers },
  'GET /api/assessments': { answers: readers },
  'GET /api/assessments/:id': { answers: readersOfOne, path: w => `/api/assessments/${w.assessmentId}` },
  'GET /api/audit': { answers: '401 200 403 200 200' },
  'GET /api/audit/export': { answers: '401 200 403 200 200' },
  'GET /api/audit/verify': { answers: '401 200 403 200 200' },
  // A browser's navigation: back to the page with a code, whatever is wrong.
  'GET /api/auth/:provider/callback': { answers: '302 302 302 302 302', path: () => '/api/auth/supabase/callback' },
  // Nothing was started elsewhere: see install.test.ts for what was.
  // No role is being made: see connect-role.test.ts for one that is.
  'GET /api/auth/:provider/role': { answers: '401 404 403 404 404', path: () => `/api/auth/aws/role?flow=${noFlow}` },
  'GET /api/auth/:provider/install': { answers: '401 404 403 404 404', path: () => `/api/auth/supabase/install?flow=${noFlow}` },
  'GET /api/auth/:provider/login': { answers: '401 302 403 302 302', path: () => '/api/auth/supabase/login' },
  'GET /api/auth/callback': { answers: '302 302 302 302 302' },
  'GET /api/auth/login': { answers: '401 302 403 302 302' },
  'GET /api/connections/:id': { answers: ownersAlone('200'), path: async w => `/api/connections/${await w.fresh.connectionId()}` },
  'GET /api/calendar': { answers: '401 200 403 200 200' },
  // The address is the key: who is signed in does not matter.
  'GET /api/calendar/:file': { answers: '404 404 404 404 404', path: () => `/api/calendar/${token}.ics` },
  'GET /api/findings': { answers: readers },
  'GET /api/health': { answers: '200 200 200 200 200' },
  'HEAD /api/health': { answers: '200 200 200 200 200' },
  'GET /api/integrations': { answers: readers },
  'GET /api/integrations/:id': { answers: readersOfOne, path: w => `/api/integrations/${w.integrationId}` },
  'GET /api/integrations/:id/health': { answers: readersOfOne, path: w => `/api/integrations/${w.integrationId}/health` },
  'GET /api/integrations/:id/resources': { answers: readersOfOne, path: w => `/api/integrations/${w.integrationId}/resources` },
  'GET /api/integrations/:id/scopes': { answers: readersOfOne, path: w => `/api/integrations/${w.integrationId}/scopes` },
  'GET /api/invitations': { answers: '401 200 403 200 200' },
  'GET /api/members': { answers: readers },
  // Without METRICS_TOKEN; with it, see metrics.test.ts.
  'GET /api/metrics': { answers: '404 404 404 404 404' },
  'GET /api/overview': { answers: readers },
  'GET /api/providers': { answers: readers },
  'GET /api/receipts': { answers: '401 200 403 200 200' },
  'GET /api/receipts/:id': { answers: '401 404 403 200 200', path: w => `/api/receipts/${w.receiptId}` },
  'GET /api/session': { answers: readers },
  'PATCH /api/integrations/:id': { answers: admins, path: w => `/api/integrations/${w.integrationId}`, body: () => ({ name: 'Renamed' }) },
  'PATCH /api/integrations/:id/resources': { answers: admins, path: w => `/api/integrations/${w.integrationId}/resources`, body: () => ({ q: 'staging', enabled: true }) },
  'PATCH /api/integrations/:id/resources/:resource': { answers: admins, path: w => `/api/integrations/${w.integrationId}/resources/${w.resourceId}`, body: () => ({ enabled: true }) },
  'PATCH /api/members/:user': { answers: admins, path: w => `/api/members/${w.memberId}`, body: () => ({ role: 'member' }) },
  'POST /api/account': { answers: '400 400 400 400 400', body: () => ({}) },
  'POST /api/connections/:id/confirm': { answers: ownersAlone('200'), path: async w => `/api/connections/${await w.fresh.connectionId()}/confirm` },
  'POST /api/auth/:provider/role': { answers: '401 404 403 404 404', path: () => '/api/auth/aws/role', body: () => ({ flow: noFlow, role_arn: 'arn:aws:iam::123456789012:role/Scanner', regions: ['us-east-1'] }) },
  'POST /api/auth/:provider/install': { answers: '401 404 403 404 404', path: () => '/api/auth/supabase/install', body: () => ({ flow: noFlow, confirm: true }) },
  'POST /api/calendar': { answers: '401 201 403 201 201' },
  'POST /api/integrations/:id/scan': { answers: '401 404 403 202 202', path: async (w, succeeds) => `/api/integrations/${succeeds ? await w.fresh.idleIntegrationId() : w.integrationId}/scan` },
  'POST /api/invitations': { answers: '401 201 403 201 201', body: () => ({ email: `${randomUUID()}@example.com` }) },
  'POST /api/invitations/accept': { answers: '401 410 410 410 410', body: () => ({ token }) },
  'POST /api/invitations/lookup': { answers: '410 410 410 410 410', body: () => ({ token }) },
  'POST /api/organizations': { answers: '401 201 201 201 201', body: () => ({ name: 'Another' }), ownSession: true },
  'POST /api/password/reset': { answers: w => w.mode === 'embedded' ? '409 409 409 409 409' : '202 202 202 202 202', body: () => ({ email: `${spare}@example.com` }) },
  'POST /api/session': { answers: '400 400 400 400 400', body: () => ({}) },
  // Of a provider that sends nothing: see webhooks.test.ts for those that do.
  'POST /api/webhooks/:provider': { answers: '404 404 404 404 404', path: () => '/api/webhooks/supabase', anyOrigin: true },
  'PUT /api/password': { answers: '400 400 400 400 400', body: () => ({}) },
  'PUT /api/session/organization': { answers: readersOfOne, body: w => ({ organization_id: w.organizationId }), ownSession: true },
}

export const codes: Record<string, string> = {
  400: 'invalid_request', 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 409: 'mail_unavailable', 410: 'invitation_invalid',
}
