import { consentPage, refusalPage } from '../kit/page'
import type { AuthorizationRequest } from './authorization-request'
import { organization, permissions } from './organization'
import { projects } from './projects'

const provider = 'Supabase'

export function consentFor({ action, consent, asked }: { action: string, consent: string, asked: AuthorizationRequest }): string {
  return consentPage({
    provider,
    action,
    account: `the organization ${organization.name}`,
    lists: [
      { heading: 'Projects it can read', items: projects.map(project => ({ text: project.name, code: project.ref })) },
      { heading: 'Permissions', items: permissions.map(permission => ({ text: permission.label, code: permission.scope })) },
    ],
    returnsTo: new URL(asked.redirectUri).origin,
    hidden: {
      consent,
      client_id: asked.clientId,
      redirect_uri: asked.redirectUri,
      response_type: 'code',
      state: asked.state,
      code_challenge: asked.challenge,
      code_challenge_method: 'S256',
    },
  })
}

export function refusal(reason: string): string {
  return refusalPage(provider, reason)
}
