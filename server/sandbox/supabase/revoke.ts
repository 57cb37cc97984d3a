import { z } from 'zod'
import type { Grants } from '../kit/grants'
import { same } from '../kit/hash'
import { empty, message } from './http'

const bodySchema = z.strictObject({ client_id: z.string(), client_secret: z.string(), refresh_token: z.string().min(1) })

/** POST /v1/oauth/revoke: JSON with the client's credentials in it, 204. Not RFC 7009. */
export async function answerRevoke(request: Request, client: { clientId: string, clientSecret: string }, grants: Grants): Promise<Response> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) return message(400, 'Send application/json')
  const body = bodySchema.safeParse(parse(await request.text()))
  if (!body.success) return message(400, 'client_id, client_secret and refresh_token are required, and nothing else')
  if (!same(body.data.client_id, client.clientId) || !same(body.data.client_secret, client.clientSecret)) {
    return message(401, 'The client id or the client secret is wrong')
  }
  return grants.revoke(body.data.refresh_token) ? empty(204) : message(404, 'There is no such authorization')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  }
  catch {
    return undefined
  }
}
