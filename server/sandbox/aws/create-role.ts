/**
 * In the place of CloudFormation: makes a role that trusts the external id shown, or, to see what happens, one that does not
 * quite. Only the sandbox has such a page.
 */
import { escape, page } from '../kit/page'
import { isForm } from '../kit/http'
import { accounts } from './account'
import type { Roles } from './roles'
import { scannerArn } from './sts'
import { html, redirect } from './wire'

const ways = [
  { value: 'right', text: 'As shown: this external id only, with SecurityAudit', trust: 'id', audit: true },
  { value: 'open', text: 'Without the condition on the external id', trust: 'open', audit: true },
  { value: 'any', text: 'With a wildcard in the place of the external id', trust: 'any', audit: true },
  { value: 'bare', text: 'Without the policy SecurityAudit', trust: 'id', audit: false },
] as const

interface Asked { principal: string, externalId: string, returnTo: string | null }

function read(parameters: URLSearchParams, origin: string): Asked | string {
  const principal = parameters.get('principal') ?? ''
  const externalId = parameters.get('external_id') ?? ''
  const returnTo = parameters.get('return_to') || null
  if (principal !== scannerArn) return 'The principal is not the one that the scanner signs with.'
  if (!/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) return 'The external id is missing, or is none.'
  if (returnTo !== null && (!URL.canParse(returnTo) || new URL(returnTo).origin !== origin)) return 'return_to is not an address of the application.'
  return { principal, externalId, returnTo }
}

const radio = (name: string, choices: readonly { value: string, text: string }[]) => choices.map(({ value, text }, index) =>
  `<label><input type="radio" name="${name}" value="${value}"${index === 0 ? ' checked' : ''}> ${escape(text)}</label>`).join('')

export function showCreateRole(request: Request, origin: string): Response {
  const { searchParams, pathname } = new URL(request.url)
  const asked = read(searchParams, origin)
  if (typeof asked === 'string') return html(page('AWS', 'No role can be made of this', `<p class="lead">${escape(asked)}</p>`), 400)
  const hidden = { principal: asked.principal, external_id: asked.externalId, return_to: asked.returnTo ?? '' }
  return html(page('AWS', 'Create the scanner\'s role', `
    <p class="lead">It trusts <code>${escape(asked.principal)}</code> with the external id <code>${escape(asked.externalId)}</code>.</p>
    <form method="post" action="${escape(pathname)}">
      ${Object.entries(hidden).map(([name, value]) => `<input type="hidden" name="${name}" value="${escape(value)}">`).join('')}
      <fieldset><legend>In the account</legend>${radio('account', accounts.map(({ id, title }) => ({ value: id, text: `${title} (${id})` })))}</fieldset>
      <fieldset><legend>Its trust policy</legend>${radio('way', ways)}</fieldset>
      <div class="buttons"><button type="submit" class="primary">Create role</button></div>
    </form>`), 200)
}

export async function createRole(request: Request, origin: string, roles: Roles): Promise<Response> {
  const from = request.headers.get('origin')
  if (!isForm(request) || (from !== null && from !== origin)) return html(page('AWS', 'Send the page\'s own form', ''), 400)
  const form = new URLSearchParams(await request.text())
  const asked = read(form, origin)
  const account = accounts.find(one => one.id === form.get('account'))
  const way = ways.find(one => one.value === form.get('way'))
  if (typeof asked === 'string' || !account || !way) return html(page('AWS', 'No role can be made of this', `<p class="lead">${escape(typeof asked === 'string' ? asked : 'Choose an account and a trust policy.')}</p>`), 400)
  const role = roles.put({ accountId: account.id, externalId: asked.externalId, trust: way.trust, audit: way.audit })
  if (asked.returnTo !== null) {
    const back = new URL(asked.returnTo)
    back.searchParams.set('role_arn', role.arn)
    return redirect(back.href)
  }
  return html(page('AWS', 'The role is there', `<p class="lead">Copy its ARN into AllyShip:</p><p><code>${escape(role.arn)}</code></p>`), 200)
}
