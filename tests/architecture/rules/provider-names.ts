/** A provider is one folder and one line: nothing else may branch on its name. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, type Source, type Violation } from '../source.ts'

/** One folder each. */
const providers = readdirSync(join(root, 'server/connectors'), { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name)
const home = /^(?:server\/connectors\/|server\/sandbox\/)/

/** Where the word means something else, and what. */
export const otherMeanings: Readonly<Record<string, string>> = {
  'server/utils/env.ts': 'the database mode `supabase`',
}

export function providerNames(sources: Source[]): Violation[] {
  return sources.filter(source => !home.test(source.path) && !(source.path in otherMeanings)).flatMap(source =>
    providers.filter(name => source.strings.has(name) || new RegExp(`['"\`]${name}['"\`]`).test(source.template)).map(name => ({
      path: source.path, problem: `names the provider '${name}'`, fix: 'let the connector say what differs, in its folder or as a field of the contract',
    })))
}
