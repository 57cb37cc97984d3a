import { consentPage, refusalPage } from '../kit/page'
import type { AuthorizationRequest } from './authorization-request'
import { person } from './person'
import { teams } from './teams'

const provider = 'Netlify'

export function consentFor({ action, consent, asked }: { action: string, consent: string, asked: AuthorizationRequest }): string {
  return consentPage({
    provider,
    action,
    account: `the Netlify account of ${person.name}`,
    lists: [
      { heading: 'Teams and sites', items: teams.flatMap(team => [{ text: team.name, code: team.slug }, ...team.sites.map(site => ({ text: `${team.name}: ${site.name}` }))]) },
      { heading: 'It will be able to', items: [{ text: 'Do everything that you can do, in all of your teams. Netlify knows no narrower permission.' }] },
    ],
    returnsTo: new URL(asked.redirectUri).origin,
    hidden: { consent, client_id: asked.clientId, redirect_uri: asked.redirectUri, response_type: 'code', state: asked.state },
  })
}

export function refusal(reason: string): string {
  return refusalPage(provider, reason)
}
