/** Which account at the fake provider a consent is given for. */
import { randomUUID } from 'node:crypto'
import type { Provider } from './provider.ts'

/**
 * Whoever consents from now on is this account, until `clearFaults`. Where all access of an account ends at once, what one
 * test connects must not rest on another one's.
 * @returns its id
 */
export function signInAs(provider: Provider, slug = `account-${randomUUID().slice(0, 8)}`, name = 'Elsewhere Ltd'): string {
  provider.fail({ kind: () => Response.json([{ id: slug, slug, name }]), path: /^\/v1\/organizations$/ })
  return slug
}
