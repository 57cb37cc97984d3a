/** Own reading of the names of variables that browsers get, for values of which nothing is known. */
import { withoutBrowserPrefix } from '#server/connectors/signals'

/** `VITE_acmeServiceRole` → `VITE_ACME_SERVICE_ROLE`. */
export const spelled = (name: string) => name.replace(/([a-z\d])([A-Z])/g, '$1_$2').toUpperCase()

const keyWord = /(?:KEY|TOKEN|SECRET|JWT|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL)S?$/
/** Addresses that have their password in them. */
const connection = /_(?:DATABASE|DB|POSTGRES|POSTGRESQL|PG)_(?:.*_)?(?:URL|URI)_|_(?:CONNECTION_STRING|DSN)_/
const address = /_(?:URL|URI|HOST|ORIGIN|ENDPOINT|DOMAIN)_$/
/** Keys that their services make for pages; the public half of a pair. */
const forBrowsers = ['PUBLIC', 'PUBLISHABLE', 'SITE_KEY', 'SITEKEY', 'ANALYTICS', 'MAPS', 'MAPBOX', 'SENTRY', 'POSTHOG', 'MIXPANEL', 'AMPLITUDE', 'SEGMENT']
/** Whatever else the name says. */
const forServers = /_(?:SERVICE|SECRET|SECRETS|ROLE|ADMIN|PRIVATE|MASTER|PASSWORD|PASSWD)_/

function rest(name: string): string {
  return `_${spelled(withoutBrowserPrefix(name)).split(/[^A-Z\d]+/).filter(Boolean).join('_')}_`
}

/** Whether its name leaves open that it holds a server's key. @param publicNames what the backend calls its keys for browsers */
export function maybeServerKey(name: string, publicNames: readonly string[]): boolean {
  const words = rest(name)
  const keyLike = connection.test(words) || (!address.test(words) && words.split('_').some(word => keyWord.test(word)))
  return keyLike && (forServers.test(words) || ![...forBrowsers, ...publicNames].some(part => words.includes(`_${part}_`)))
}

/** Whether it says that nobody may know its value: of one without any form, such as a password, the name is all there is. */
export function saysSecret(name: string): boolean {
  return /_(?:SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PRIVATE_KEY)_/.test(rest(name))
}
