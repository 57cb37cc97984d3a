import type { Connector } from './contract'
import { aws } from './aws'
import { github } from './github'
import { netlify } from './netlify'
import { slack } from './slack'
import { supabase } from './supabase'
import { vercel } from './vercel'

/** One line per provider; the only place where the set of providers is written down. */
const own: readonly Connector[] = [
  supabase,
  slack,
  github,
  vercel,
  netlify,
  aws,
]

let connectors = own

/** Puts others in their place, or with null the own ones back: a test's connector is no provider of the product. */
export function useConnectors(next: readonly Connector[] | null): void {
  connectors = next ?? own
}

export function allConnectors(): readonly Connector[] {
  return connectors
}

/** The connector with this id, or undefined: what comes from a URL or a row may name none. */
export function findConnector(id: string): Connector | undefined {
  return connectors.find(connector => connector.id === id)
}
