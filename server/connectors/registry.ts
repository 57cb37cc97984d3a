import type { Connector } from './contract'
import { supabase } from './supabase'

/** One line per provider; the only place where the set of providers is written down. */
const connectors: readonly Connector[] = [
  supabase,
]

export function allConnectors(): readonly Connector[] {
  return connectors
}

/** The connector with this id, or undefined: what comes from a URL or a row may name none. */
export function findConnector(id: string): Connector | undefined {
  return connectors.find(connector => connector.id === id)
}
