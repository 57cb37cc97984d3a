/** The pages a person sees. No script; the style is a tag, so that it works under a policy without hosts. */
import type { AuthorizationRequest } from './authorization-request'
import { organization, permissions } from './organization'
import { projects } from './projects'
import { pageStyle } from './page-style'

/** Asks for consent: who asks, for what, for whose organization and projects. */
export function consentPage({ action, consent, asked }: { action: string, consent: string, asked: AuthorizationRequest }): string {
  const hidden = {
    consent,
    client_id: asked.clientId,
    redirect_uri: asked.redirectUri,
    response_type: 'code',
    state: asked.state,
    code_challenge: asked.challenge,
    code_challenge_method: 'S256',
  }
  return page('Authorize AllyShip Integrations', `
    <p class="lead"><strong>AllyShip Integrations</strong> asks for access to the organization <strong>${escape(organization.name)}</strong>.</p>
    <h2>Projects it can read</h2>
    <ul>${projects.map(project => `<li>${escape(project.name)} <code>${escape(project.ref)}</code></li>`).join('')}</ul>
    <h2>Permissions</h2>
    <ul>${permissions.map(permission => `<li>${escape(permission.label)} <code>${escape(permission.scope)}</code></li>`).join('')}</ul>
    <p class="note">You return to <span class="address">${escape(new URL(asked.redirectUri).origin)}</span>.</p>
    <form method="post" action="${escape(action)}">
      ${Object.entries(hidden).map(([name, value]) => `<input type="hidden" name="${name}" value="${escape(value)}">`).join('')}
      <div class="buttons">
        <button type="submit" name="decision" value="deny">Deny</button>
        <button type="submit" name="decision" value="approve" class="primary">Approve</button>
      </div>
    </form>`)
}

/** Shown where an error must not be sent on, because nobody knows to whom. */
export function refusalPage(reason: string): string {
  return page('This request cannot be authorized', `<p class="lead">${escape(reason)}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="referrer" content="same-origin">
  <meta name="robots" content="noindex">
  <title>${escape(title)} – Supabase sandbox</title>
  <style>${pageStyle}</style>
</head>
<body>
  <main>
    <p class="banner" role="note"><strong>Sandbox</strong> This is a local stand-in for Supabase. Everything on this page is made up.</p>
    <h1>${escape(title)}</h1>${body}
  </main>
</body>
</html>
`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' }

function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? character)
}
