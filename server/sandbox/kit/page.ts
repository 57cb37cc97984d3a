/** The pages a person sees. No script; the style is a tag, so that it works under a policy without hosts. */
import { pageStyle } from './page-style'

/** What a consent page says. Texts are escaped here. */
export interface Consent {
  /** The provider's name. */
  provider: string
  /** Where the form is sent. */
  action: string
  /** Whose access is asked for: `the organization Brightwater`. */
  account: string
  /** Lists with their headings; `code` is what the API calls it. */
  lists: readonly { heading: string, items: readonly { text: string, code?: string }[] }[]
  /** The origin that the person returns to. */
  returnsTo: string
  /** Goes back with the answer. */
  hidden: Readonly<Record<string, string>>
  /** A choice between accounts, for providers that offer one. */
  choice?: { name: string, label: string, options: readonly { value: string, text: string }[] }
}

/** Asks for consent: who asks, for what, for whose account. The answer comes as `decision`: `approve` or `deny`. */
export function consentPage(consent: Consent): string {
  const { action, account, lists, returnsTo, hidden, choice } = consent
  const item = ({ text, code }: { text: string, code?: string }) => `<li>${escape(text)}${code === undefined ? '' : ` <code>${escape(code)}</code>`}</li>`
  return page(consent.provider, 'Authorize AllyShip Integrations', `
    <p class="lead"><strong>AllyShip Integrations</strong> asks for access to <strong>${escape(account)}</strong>.</p>
    ${lists.map(list => `<h2>${escape(list.heading)}</h2><ul>${list.items.map(item).join('')}</ul>`).join('')}
    <p class="note">You return to <span class="address">${escape(returnsTo)}</span>.</p>
    <form method="post" action="${escape(action)}">
      ${Object.entries(hidden).map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`).join('')}
      ${choice ? chooser(choice) : ''}
      <div class="buttons">
        <button type="submit" name="decision" value="deny">Deny</button>
        <button type="submit" name="decision" value="approve" class="primary">Approve</button>
      </div>
    </form>`)
}

function chooser({ name, label, options }: NonNullable<Consent['choice']>): string {
  return `<fieldset><legend>${escape(label)}</legend>${options.map(({ value, text }, index) =>
    `<label><input type="radio" name="${escape(name)}" value="${escape(value)}"${index === 0 ? ' checked' : ''}> ${escape(text)}</label>`).join('')}</fieldset>`
}

/** Shown where an error must not be sent on, because nobody knows to whom. */
export function refusalPage(provider: string, reason: string): string {
  return page(provider, 'This request cannot be authorized', `<p class="lead">${escape(reason)}</p>`)
}

export function page(provider: string, title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="referrer" content="same-origin">
  <meta name="robots" content="noindex">
  <title>${escape(title)} – ${escape(provider)} sandbox</title>
  <style>${pageStyle}</style>
</head>
<body>
  <main>
    <p class="banner" role="note"><strong>Sandbox</strong> This is a local stand-in for ${escape(provider)}. Everything on this page is made up.</p>
    <h1>${escape(title)}</h1>${body}
  </main>
</body>
</html>
`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' }

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? character)
}
