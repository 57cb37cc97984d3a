/**
 * The shape of every API route: parse, authorize, one call, shape the answer. Whatever goes wrong leaves as RFC 9457
 * problem+json.
 *
 * The order is: session, role, then the input. Somebody who may not call does not learn what a valid call looks like.
 */
import { defineEventHandler, getQuery, getRouterParam, getRouterParams, send, setResponseHeader, setResponseStatus, type H3Event } from 'h3'
import { z } from 'zod'
import { homeOrganization, requireOwner } from '#server/accounts/organizations'
import { requireRole, requireSession, type Actor, type Session } from '#server/accounts/session'
import { recordDenied, type RequestInfo } from '#server/audit'
import { AppError } from '#server/errors'
import { log } from '#server/utils/log'
import { toProblem } from '#server/utils/problem'
import { redactText } from '#server/utils/redact'
import { readJson } from './body'
import { requestInfo } from './request-info'

interface Who { public: null, session: Session, member: Actor, admin: Actor, owner: Actor }
type Access = keyof Who

interface Request<A extends Access, P, Q, B> {
  event: H3Event
  who: Who[A]
  params: P
  query: Q
  body: B
  info: RequestInfo
}

interface Options<A extends Access, P, Q, B> {
  /** `public`: anybody. `session`: signed in. `member`, `admin`: with at least that role in the current organization.
   *  `owner`: of the organization that the path names in `:id`. */
  access: A
  params?: z.ZodType<P>
  query?: z.ZodType<Q>
  /** Strict: an unknown field is refused. */
  body?: z.ZodType<B>
  status?: number
}

const nothing = z.strictObject({})

/** `/:id` */
export const idParams = z.strictObject({ id: z.uuid() })

export function defineRoute<A extends Access, R, P = Record<string, never>, Q = Record<string, never>, B = undefined>(
  options: Options<A, P, Q, B>,
  handle: (request: Request<A, P, Q, B>) => Promise<R>,
) {
  return defineEventHandler(async (event): Promise<R | undefined> => {
    const info = requestInfo(event)
    try {
      const request = {
        event,
        info,
        who: await authorize(event, options.access),
        params: (options.params ?? nothing).parse(options.params ? getRouterParams(event, { decode: true }) : {}),
        query: (options.query ?? nothing).parse(getQuery(event)),
        body: await parseBody(event, options.body),
      }
      // Each value was made by its own schema, or is the empty default that the type parameters stand for.
      const answer = await handle(request as Request<A, P, Q, B>)
      if (!event.node.res.hasHeader('cache-control')) setResponseHeader(event, 'cache-control', 'no-store')
      setResponseStatus(event, options.status ?? (answer === undefined ? 204 : 200))
      return answer
    }
    catch (error) {
      await noteDenied(event, error, info)
      await sendProblem(event, error)
    }
  })
}

/** Somebody who is signed in was refused: in the log of their own organization. */
export async function noteDenied(event: H3Event, error: unknown, info: RequestInfo): Promise<void> {
  const { session } = event.context
  if (!session || !(error instanceof AppError) || !['forbidden', 'not_found'].includes(error.code)) return
  // A path may hold what no text of Postgres may: the row must not fail over it.
  const path = redactText(event.path).replaceAll('\0', '%00').toWellFormed()
  await recordDenied({ ...session, organizationId: await homeOrganization(session) }, path, error.code, info)
}

/** What takes no body gets none: a call with one was meant for something else. */
async function parseBody<B>(event: H3Event, schema: z.ZodType<B> | undefined): Promise<B | undefined> {
  if (event.method === 'GET' || event.method === 'HEAD') return undefined
  const read = await readJson(event)
  const body = read === undefined ? {} : read
  if (schema) return schema.parse(body)
  nothing.parse(body)
}

async function authorize(event: H3Event, access: Access): Promise<Session | Actor | null> {
  if (access === 'public') return null
  const session = await requireSession(event)
  if (access === 'owner') return requireOwner(session, getRouterParam(event, 'id') ?? '')
  return access === 'session' ? session : requireRole(event, session, access)
}

/** Sends an error as problem+json; what nobody expected is logged with its cause. */
export async function sendProblem(event: H3Event, error: unknown): Promise<void> {
  const problem = toProblem(error, event.path.split('?')[0])
  if (problem.status >= 500) log.error('request failed', { request_id: event.context.requestId, method: event.method, path: event.path.split('?')[0], error })
  setResponseStatus(event, problem.status)
  setResponseHeader(event, 'cache-control', 'no-store')
  for (const [name, value] of Object.entries(problem.headers)) setResponseHeader(event, name, value)
  await send(event, JSON.stringify(problem.body), 'application/problem+json')
}
