/** A provider is one folder and one line: nothing else may branch on its name. */
import type { Source, Violation } from '../source.ts'

const providers = ['supabase', 'slack', 'github', 'vercel', 'netlify', 'aws']
/** What connections have in common (`cross/`, and the files beside the folders but the registry) names none of them. */
const home = /^(?:server\/connectors\/(?!cross\/|contract\.|paging\.|signals\.|verdict\.)|server\/sandbox\/)/

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
