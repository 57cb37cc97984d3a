/** The secrets in one call to a provider and its answer: what must never be seen anywhere else. */
import type { ProviderCall } from './provider.ts'

const names = ['access_token', 'refresh_token', 'code', 'code_verifier', 'client_secret']

export async function secretsOf(call: ProviderCall, response: Response | null): Promise<string[]> {
  const credential = /^(?:Basic|Bearer) (\S+)$/.exec(call.headers.get('authorization') ?? '')?.[1]
  const location = response?.headers.get('location')
  return [
    ...(credential ? [credential] : []),
    ...fields(call.body),
    ...(response && call.path.endsWith('/token') ? fields(await response.clone().text()) : []),
    ...(location && URL.canParse(location) ? fields(new URL(location).search) : []),
  ]
}

/** The values under those names in JSON or in a form. */
function fields(text: string): string[] {
  const values: unknown[] = text.startsWith('{') ? fieldsOfJson(text) : names.flatMap(name => new URLSearchParams(text).getAll(name))
  return values.filter(value => typeof value === 'string').filter(value => value.length >= 16)
}

function fieldsOfJson(text: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? names.map(name => Reflect.get(parsed, name)) : []
  }
  catch {
    return []
  }
}
