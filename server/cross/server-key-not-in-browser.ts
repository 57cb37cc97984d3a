import type { Evidence } from '#server/connectors/contract'
import type { Signal } from '#server/connectors/signals'
import { capped, fail, notApplicable, pass, plural, unverified } from '#server/connectors/verdict'
import { category, defineCrossCheck } from './contract'
import { maybeServerKey, saysSecret, spelled } from './key-names'
import { doubt, search, side } from './search'

type Exposed = Signal<'exposed_variable'>
type Backend = Signal<'backend'>

const has = (name: string, parts: readonly string[]) => parts.some(part => spelled(name).includes(part))

/** What gives the key away, or null. */
function givenAwayBy({ name, value }: Exposed, { keys, hosts }: Backend): string | null {
  if (value?.secretPrefix && keys.secretPrefixes.includes(value.secretPrefix)) return 'the form of its value'
  if (value?.tokenRole && keys.tokenRoles.includes(value.tokenRole)) return 'the role in its token'
  if (value?.hasPassword && value.host !== null && hosts.includes(value.host)) return 'the password in its address'
  return has(name, keys.names) ? 'its name' : null
}

/** Nothing says which key it holds: its value was not to be read, or has no form by which it could be told from another. */
function mayBe({ name, value }: Exposed, { keys }: Backend): boolean {
  if (value === null) return maybeServerKey(name, keys.publicNames)
  // Somewhere else, or the backend by another of its addresses.
  if (value.hasPassword) return true
  return value.host === null && value.tokenRole === null && saysSecret(name)
}

export const serverKeyNotInBrowser = defineCrossCheck({
  id: 'cross_server_key_not_in_browser',
  title: 'No variable that browsers get holds a server key of a backend',
  severity: 'critical',
  category,
  rationale: 'A server key goes past every rule of the backend. In a variable that is built into the page, everybody who opens it has that key.',
  remediation: {
    steps: [
      'Replace the key in the backend now: it has been public since the first build with it.',
      'Keep the new one in a variable without the prefix that puts it into the page, marked as a secret, and use it on the server only.',
      'Give browsers the key that is made for them.',
    ],
    url: 'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
  },
  soc2: { criteria: ['CC6.1', 'CC6.7'], own: true },
  iso27001: { controls: ['A.5.17', 'A.8.12'], own: true },
  subject: 'exposed_variable',
  needs: 'backend',
  without: 'No variable is built into what browsers get.',
  evaluate: (own, neighbours, { now }) => {
    const found = search(neighbours.of('backend'), () => true, now)
    const names = (variables: readonly Exposed[]) => capped([...new Set(variables.map(variable => variable.name))])
    const seen: Evidence = { browser_variables: names(own.facts), values_not_read: names(own.facts.filter(variable => variable.value === null)) }
    // A key is recognized whichever backend it belongs to; the evidence names one that has such keys.
    for (const { neighbour, fact } of found.fresh) {
      const given = own.facts.flatMap((variable) => {
        const by = givenAwayBy(variable, fact)
        return by === null ? [] : [{ variable: variable.name, by }]
      })
      if (given.length > 0) return fail(`${plural(given.length, 'variable that browsers get holds', 'variables that browsers get hold')} a server key.`, { ...seen, ...side(neighbour), holding: given.slice(0, 50) })
    }
    const unsure = doubt(found, seen, now)
    if (unsure) return unsure
    if (own.unknown !== null) return unverified(own.unknown, seen)
    const open = own.facts.filter(variable => found.fresh.some(({ fact }) => mayBe(variable, fact)))
    if (open.length > 0) return unverified(`Which key ${plural(open.length, 'variable')} that browsers get hold${open.length === 1 ? 's' : ''} is not known: neither the name nor what could be read of the value says so.`, { ...seen, not_known: names(open) })
    const [backend] = found.fresh
    if (!backend) return notApplicable('No connection has a backend.', seen)
    return pass('No variable that browsers get is named like a server key, or holds one where its value could be read.', { ...seen, ...side(backend.neighbour) })
  },
})
