import { proveClient, type ClientProof } from '../kit/client-authentication'
import type { Grants, Refusal } from '../kit/grants'
import { isForm } from '../kit/http'
import { json, refuse } from './http'
import { installationOf } from './installation'

/** https://vercel.com/docs/integrations/create-integration/vercel-api-integrations: these four, and all of them. */
const fields = ['client_id', 'client_secret', 'code', 'redirect_uri']

const clientRefusals: Record<ClientProof, string | null> = {
  known: null,
  missing: 'The client_id and the client_secret are required in the body',
  wrong: 'The client_id or the client_secret is wrong',
  twice: null,
}
const refusals: Record<Refusal['because'], string> = {
  unknown: 'Invalid code',
  reused: 'The code was already used',
  expired: 'The code has expired',
  other_client: 'The code is not valid for this client_id',
  other_redirect: 'Invalid redirect_uri',
  verifier: 'Invalid code',
}

/** POST /v2/oauth/access_token. The token has no end and nothing to renew it with. */
export async function answerToken(request: Request, client: { clientId: string, clientSecret: string }, grants: Grants): Promise<Response> {
  if (!isForm(request)) return refuse(400, 'bad_request', 'Send application/x-www-form-urlencoded')
  const form = new URLSearchParams(await request.text())
  const names = [...form.keys()]
  if (new Set(names).size !== names.length) return refuse(400, 'bad_request', 'A parameter came more than once')
  const unknown = names.filter(name => !fields.includes(name))
  if (unknown.length > 0) return refuse(400, 'bad_request', `Unknown parameter: ${unknown.join(', ')}`)

  const refused = clientRefusals[proveClient(request, form, client, ['body'])]
  if (refused) return refuse(401, 'unauthorized', refused)
  const code = form.get('code')
  const redirectUri = form.get('redirect_uri')
  if (!code || !redirectUri) return refuse(400, 'bad_request', `Missing parameter: ${code ? 'redirect_uri' : 'code'}`)
  const outcome = grants.redeem({ code, clientId: client.clientId, redirectUri, verifier: null })
  if ('refused' in outcome) return refuse(400, 'bad_request', refusals[outcome.because])
  const installation = installationOf(outcome.subject)
  if (!installation) return refuse(500, 'internal_server_error', 'The installation is not known')
  const { id, account } = installation
  return json({ token_type: 'Bearer', access_token: outcome.accessToken, installation_id: id, user_id: account.userId, team_id: account.teamId })
}
