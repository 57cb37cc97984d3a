import { z } from 'zod'
import { proveClient } from '../kit/client-authentication'
import type { Grants } from '../kit/grants'
import { empty, message } from './http'

const bodySchema = z.strictObject({ access_token: z.string().min(1) })

/** DELETE /applications/{client_id}/grant with Basic: all that the person gave this application. */
export async function answerRevoke(request: Request, clientId: string, client: { clientId: string, clientSecret: string }, grants: Grants): Promise<Response> {
  if (request.method !== 'DELETE' || clientId !== client.clientId) return message(404, 'Not Found')
  if (proveClient(request, new URLSearchParams(), client, ['basic']) !== 'known') return message(401, 'Requires authentication')
  const body = bodySchema.safeParse(parse(await request.text()))
  if (!body.success) return message(422, 'Validation Failed')
  return grants.revoke(body.data.access_token) ? empty(204) : message(404, 'Not Found')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  }
  catch {
    return undefined
  }
}
