/** The person at the provider's consent page, without a browser. */

const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': '\'' }
const unescape = (text: string) => text.replace(/&(?:amp|lt|gt|quot|#39);/g, entity => entities[entity] ?? entity)

function attribute(tag: string, name: string): string | null {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? null : unescape(value)
}

/** The form of the page: where it goes, and its hidden fields. @throws with the page when it has none */
export function parseForm(html: string): { action: string, fields: URLSearchParams } {
  const form = /<form\b[^>]*method="post"[^>]*>([\s\S]*?)<\/form>/.exec(html)
  if (!form) throw new Error(`The page has no form:\n${html}`)
  const fields = new URLSearchParams()
  for (const [tag] of form[1]?.matchAll(/<input\b[^>]*>/g) ?? []) {
    const name = attribute(tag, 'name')
    if (name) fields.append(name, attribute(tag, 'value') ?? '')
  }
  return { action: attribute(form[0], 'action') ?? '', fields }
}

/**
 * Opens the consent page and answers it.
 * @param choices by the field's name: another one than the first
 * @returns where the provider sends the browser then: the app's callback, with `code` or `error`
 * @throws when the provider shows no consent page or does not redirect
 */
export async function consent(authorizeUrl: string, decision: 'approve' | 'deny', choices: Readonly<Record<string, string>> = {}): Promise<string> {
  const page = await fetch(authorizeUrl, { redirect: 'manual' })
  const html = await page.text()
  if (page.status !== 200) throw new Error(`The consent page answered ${page.status}: ${page.headers.get('location') ?? html}`)
  const { action, fields } = parseForm(html)
  for (const [name, value] of Object.entries({ ...choices, decision })) fields.set(name, value)
  const url = new URL(action, authorizeUrl)
  const answer = await fetch(url, { method: 'POST', body: fields, redirect: 'manual', headers: { origin: url.origin } })
  const location = answer.headers.get('location')
  if (!location) throw new Error(`The provider did not redirect, it answered ${answer.status}: ${await answer.text()}`)
  return location
}
