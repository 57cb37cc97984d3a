/**
 * What does not fit, for every route. One line per route of the file tree: what fits, so that one thing at a time can be
 * made not to. A route without a line fails the test.
 */
import { randomUUID } from 'node:crypto'

export interface World { integrationId: string, resourceId: string, organizationId: string }

interface Inputs {
  /** Parameters of the path, each with something that fits. */
  params?: (world: World) => Record<string, string>
  /** Bad values by query field. */
  query?: Record<string, string[]>
  /** A body that fits, and bad values by field. */
  body?: { fits: Record<string, unknown>, bad: Record<string, unknown[]> }
  /** Takes what comes, as a browser's navigation does: see connect.test.ts. */
  takesAll?: true
}

const uuid = () => randomUUID()
const noText: unknown[] = [1, true, null, [], ['text'], {}, { toString: 'x' }, 'a\u0000b', '\uD800', '']
const longText = 'x'.repeat(5_000)
const badIds = ['1', 'not-a-uuid', `${uuid()}0`, ` ${uuid()}`, '%00', '..%2f..%2fsession', '{}', '%E0%A4%A', 'null', '__proto__']
const email = [...noText, longText, 'nobody', 'a@b', 'a b@example.com', 'a@example.com\r\nbcc: b@example.com', `${'x'.repeat(400)}@example.com`]
const password = [...noText, 'short', 'x'.repeat(73), '\u{1F600}'.repeat(19)]
const name = [...noText, longText, '   ', 'x'.repeat(101)]
const token = [...noText, longText, 'x'.repeat(42), 'x'.repeat(44), `${'x'.repeat(42)}=`]
const role = [...noText, 'root', 'OWNER', 'constructor']
const badFlows = ['x', '0'.repeat(15), '0'.repeat(17), 'G'.repeat(16), longText]
const id = (name: string) => (_world: World) => ({ [name]: uuid() })
const integration = (world: World) => ({ id: world.integrationId })

const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const list = {
  limit: ['0', '-1', '201', '1.5', '1e99', 'ten', '', 'NaN', 'Infinity', '1 OR 1=1', '99999999999999999999'],
  cursor: [
    'x', '%00', 'x'.repeat(300), cursor(null), cursor([]), cursor({ at: 1 }), cursor(['2026-01-01T00:00:00Z', 'x']), cursor(['yesterday', uuid()]),
    cursor(['0000-01-01T00:00:00Z', uuid()]), cursor(['2026-02-30T00:00:00Z', uuid()]), cursor(['2026-01-01T00:00:00+99:99', uuid()]), cursor(['2026-01-01T00:00:00+23:59', uuid()]),

    cursor(['2026-01-01T00:00:00Z",id.neq."', uuid()]), cursor([['2026-01-01T00:00:00Z'], [uuid()]]),
  ],
}
/** Of a list that is sorted by a text. */
const textCursors = [...list.cursor.slice(0, 7), 'x'.repeat(3_000), cursor(['a\u0000', uuid()]), cursor(['\uD800', uuid()]), cursor(['x'.repeat(201), uuid()]), cursor([1, uuid()]), cursor([['a'], [uuid()]])]
const flags = ['1', 'yes', 'TRUE', 'null', '', '%00', 'true,false']
const kinds = ['%00', longText, '', 'Project', 'a-b', 'a,b', 'project)']
const ofIntegration = { integration_id: badIds }
const unknownWord = ['unknown', 'ACTIVE', '%00', 'constructor', 'active,paused', '']
const fitting = { email: 'somebody@example.com', password: 'correct horse battery' }

export const inputs: Record<string, Inputs> = {
  'DELETE /api/calendar': {},
  'DELETE /api/connections/:id': { params: id('id') },
  'DELETE /api/integrations/:id': { params: integration },
  'DELETE /api/invitations/:id': { params: id('id') },
  'DELETE /api/members/:user': { params: id('user') },
  'DELETE /api/organizations/:id': { params: world => ({ id: world.organizationId }), body: { fits: { name: 'Nobody\'s' }, bad: { name } } },
  'DELETE /api/session': {},
  'GET /api/alerts': { query: list },
  'GET /api/assessments': { query: { ...list, ...ofIntegration, status: unknownWord } },
  'GET /api/assessments/:id': { params: id('id') },
  'GET /api/audit': { query: { ...list, ...ofIntegration } },
  'GET /api/audit/export': { query: { from_seq: ['0', '-1', '1.5', '1e99', 'ten', '', 'NaN', 'Infinity'] } },
  'GET /api/audit/verify': {},
  'GET /api/auth/:provider/callback': { takesAll: true },
  'GET /api/auth/:provider/install': { query: { flow: badFlows }, params: () => ({ provider: 'supabase' }) },
  'GET /api/auth/:provider/role': { query: { flow: badFlows }, params: () => ({ provider: 'supabase' }) },
  'GET /api/auth/:provider/login': { query: { ...ofIntegration }, params: () => ({ provider: 'supabase' }) },
  'GET /api/auth/callback': { takesAll: true },
  'GET /api/auth/login': { query: { ...ofIntegration } },
  'GET /api/calendar': {},
  // An address that is no key is one that is not there.
  'GET /api/calendar/:file': { takesAll: true },
  'GET /api/connections/:id': { params: id('id') },
  'GET /api/findings': { query: { ...list, ...ofIntegration, status: unknownWord, severity: unknownWord } },
  'GET /api/health': { takesAll: true },
  'HEAD /api/health': { takesAll: true },
  'GET /api/integrations': { query: { ...list, status: unknownWord, integration_type: ['%00', longText, '', 'a,b', 'supabase)'] } },
  'GET /api/integrations/:id': { params: integration },
  'GET /api/integrations/:id/health': { params: integration },
  'GET /api/integrations/:id/resources': { params: integration, query: { limit: list.limit, cursor: textCursors, q: ['%00', longText], kind: kinds, enabled: flags, missing: flags, awaits_choice: flags } },
  'GET /api/integrations/:id/scopes': { params: integration },
  'GET /api/invitations': {},
  'GET /api/members': {},
  'GET /api/metrics': { takesAll: true },
  'GET /api/overview': {},
  'GET /api/providers': {},
  'GET /api/receipts': { query: list },
  'GET /api/receipts/:id': { params: id('id') },
  'GET /api/session': {},
  'PATCH /api/integrations/:id': {
    params: integration,
    body: {
      fits: { name: 'Ours' },
      bad: {
        name, status: [...noText, 'error', 'deleted'],
        scan_schedule: [...noText, longText, 'every morning', '* * *', '* * * * * *', '61 * * * *', '0 0 31 2 *', '@daily', '0 0 * * MOON'],
        scan_new_resources: [0, 1, 'true', null, [], {}],
        enabled_checks: ['rls', null, {}, 1, [1], [null], [['rls']], ['unknown'], ['__proto__'], ['constructor'], ['a\u0000'], Array.from({ length: 201 }, () => 'rls')],
      },
    },
  },
  'PATCH /api/integrations/:id/resources': {
    params: integration,
    body: {
      fits: { enabled: true },
      bad: { enabled: [0, 1, 'true', null, [], {}], missing: [0, 'true', null, []], awaits_choice: [0, 'true', null, []], q: [1, null, [], {}, 'a\u0000b', '\uD800', longText], kind: [...noText, ...kinds] },
    },
  },
  'PATCH /api/integrations/:id/resources/:resource': {
    params: world => ({ id: world.integrationId, resource: world.resourceId }),
    body: { fits: { enabled: true }, bad: { enabled: [0, 1, 'true', null, [], {}] } },
  },
  'PATCH /api/members/:user': { params: id('user'), body: { fits: { role: 'member' }, bad: { role } } },
  'POST /api/account': { body: { fits: fitting, bad: { email, password, organization: name, invitation: token } } },
  'POST /api/auth/:provider/install': {
    params: () => ({ provider: 'supabase' }),
    body: { fits: { flow: '0'.repeat(16), confirm: true }, bad: { flow: [...noText, ...badFlows], confirm: [0, 1, 'true', null, [], {}] } },
  },
  'POST /api/auth/:provider/role': {
    params: () => ({ provider: 'supabase' }),
    body: {
      fits: { flow: '0'.repeat(16), role_arn: 'arn:aws:iam::123456789012:role/x', regions: ['eu-west-1'] },
      bad: { flow: [...noText, ...badFlows], role_arn: [...noText.filter(text => text !== ''), 'x'.repeat(2049)], regions: ['eu-west-1', [], [1], null, {}] },
    },
  },
  'POST /api/calendar': {},
  'POST /api/connections/:id/confirm': { params: id('id') },
  'POST /api/integrations/:id/scan': { params: integration },
  'POST /api/invitations': { body: { fits: { email: 'somebody@example.com' }, bad: { email, role: [...role, 'owner'] } } },
  'POST /api/invitations/accept': { body: { fits: { token: 'x'.repeat(43) }, bad: { token } } },
  'POST /api/invitations/lookup': { body: { fits: { token: 'x'.repeat(43) }, bad: { token } } },
  'POST /api/organizations': { body: { fits: { name: 'Ours' }, bad: { name } } },
  'POST /api/password/reset': { body: { fits: { email: 'somebody@example.com' }, bad: { email } } },
  'POST /api/session': { body: { fits: fitting, bad: { email, password: [...noText, longText] } } },
  // Whatever is not signed by the provider: see webhooks.test.ts.
  'POST /api/webhooks/:provider': { takesAll: true },
  'PUT /api/password': { body: { fits: { token_hash: 'x', password: fitting.password }, bad: { token_hash: [...noText, longText], password } } },
  'PUT /api/session/organization': { body: { fits: { organization_id: uuid() }, bad: { organization_id: [...noText, 'x', 1, uuid().toUpperCase().slice(1)] } } },
}

/** One request that does not fit. */
export interface Malformed {
  what: string
  method: string
  path: string
  body?: string
  headers?: Record<string, string>
  /** What the answer has to name; null: nothing in particular. */
  field: string | null
  /** Default: 400. */
  status?: number[]
}

const json = { 'content-type': 'application/json' }
const show = (value: unknown) => JSON.stringify(value).slice(0, 40)
const nested = (depth: number) => `${'[1,'.repeat(depth)}0${']'.repeat(depth)}`

function fill(path: string, params: Record<string, string>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? '')
}

export function* malformedFor(route: string, world: World): Generator<Malformed> {
  const entry = inputs[route]
  if (!entry) throw new Error(`${route} has no line. To fix: say in tests/integration/always-true/malformed.ts what it takes.`)
  if (entry.takesAll) return
  const [method = '', pattern = ''] = route.split(' ')
  const params = entry.params?.(world) ?? {}
  const path = fill(pattern, params)
  const { body } = entry
  const fitting = body ? { body: JSON.stringify(body.fits), headers: json } : {}

  for (const name of Object.keys(params)) {
    for (const bad of badIds) yield { what: `${name}=${bad}`, method, path: fill(pattern, { ...params, [name]: bad }), ...fitting, field: name === 'provider' ? null : name, status: name === 'provider' && !entry.query?.flow ? [404] : [400, 404] }
  }
  yield { what: 'unknown query', method, path: `${path}?surprise=1`, ...fitting, field: 'surprise' }
  yield { what: 'unknown query that objects inherit', method, path: `${path}?toString=1`, ...fitting, field: 'toString' }
  for (const [name, values] of Object.entries(entry.query ?? {})) {
    for (const value of values) yield { what: `${name}=${value.slice(0, 30)}`, method, path: `${path}?${name}=${value.includes('%') ? value : encodeURIComponent(value)}`, field: name }
    yield { what: `${name} twice`, method, path: `${path}?${name}=1&${name}=2`, field: name }
    yield { what: `${name}[]`, method, path: `${path}?${name}[]=1`, field: `${name}[]` }
  }
  if (method === 'GET') return
  yield* malformedBodies({ method, path, fits: body?.fits ?? {}, bad: body?.bad ?? {} })
}

function* malformedBodies({ method, path, fits, bad }: { method: string, path: string, fits: Record<string, unknown>, bad: Record<string, unknown[]> }): Generator<Malformed> {
  const raw = (what: string, body: string, field: string | null = 'body', status = [400]): Malformed => ({ what, method, path, body, headers: json, field, status })
  for (const text of ['{', 'x', '{"a":1}}', 'undefined', '{\'a\': 1}', '{"a": 01}']) yield raw(`body ${text}`, text)
  for (const text of ['null', '[]', '"text"', '1', 'true', '[{}]', nested(5_000)]) yield raw(`body ${text.slice(0, 20)}`, text)
  yield raw('unknown field', JSON.stringify({ ...fits, surprise: 1 }), 'surprise')
  yield raw('__proto__', JSON.stringify(fits).replace(/\}$/, `${Object.keys(fits).length ? ',' : ''}"__proto__": {"role": "owner"}}`), '__proto__')
  yield raw('constructor', JSON.stringify({ ...fits, constructor: { prototype: { role: 'owner' } } }), 'constructor')
  yield raw('deep', `{"surprise": ${nested(5_000)}}`, null)
  yield raw('64 KB and one', JSON.stringify({ ...fits, surprise: 'x'.repeat(65_536) }), null, [413])
  yield { what: 'another type', method, path, body: JSON.stringify(fits), headers: { 'content-type': 'text/plain' }, field: null, status: [415] }
  yield { what: 'a form', method, path, body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' }, field: null, status: [415] }
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) yield raw(`${name}=${show(value)}`, JSON.stringify({ ...fits, [name]: value }), name)
  }
  for (const name of Object.keys(fits)) {
    const { [name]: _, ...rest } = fits
    yield raw(`${name} missing`, JSON.stringify(rest), null)
  }
}
