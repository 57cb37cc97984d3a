/** What one room, or one file, alone may know. */
import { isClientFile, type Source, type Violation } from '../source.ts'

interface OnlyThere { what: string, where: RegExp, fix: string, used: (source: Source) => boolean }

const imports = (...packages: string[]) => (source: Source) =>
  source.imports.some(one => packages.some(name => one.specifier === name || one.specifier.startsWith(`${name}/`)))
const importsValue = (...packages: string[]) => (source: Source) =>
  source.imports.some(one => !one.typeOnly && packages.some(name => one.specifier === name || one.specifier.startsWith(`${name}/`)))
const names = (...identifiers: string[]) => (source: Source) => identifiers.some(name => source.identifiers.has(name))

const all: readonly OnlyThere[] = [
  { what: 'the embedded database', where: /^server\/database\//, fix: 'use the clients of server/database', used: imports('@electric-sql/pglite', '@supabase/lite') },
  { what: 'the constructors of supabase-js', where: /^server\/database\//, fix: 'use the clients of server/database; types may be imported with `import type`', used: importsValue('@supabase/supabase-js', '@supabase/ssr') },
  { what: 'the Postgres client', where: /^server\/database\//, fix: 'use the clients of server/database', used: imports('postgres') },
  { what: 'pg-boss', where: /^server\/queue\//, fix: 'use server/queue', used: imports('pg-boss') },
  // By name, not by import: Nitro imports server/utils by itself.
  { what: 'decryptConfig', where: /^server\/(?:integrations\/credentials|utils\/(?:encryption(?:-check)?|data-key))\.ts$/, fix: 'use withCredential of server/integrations/credentials.ts', used: names('decryptConfig', 'decryptValue') },
  { what: 'the service role', where: /^server\/(?:database|integrations|limits|scanner|audit|accounts|doctor|open\.ts|startup\.ts)/, fix: 'use the caller\'s own client: row level security is the authorization', used: names('serviceClient') },
]

export function onlyThere(sources: Source[]): Violation[] {
  return sources.filter(source => source.path.startsWith('server/') || isClientFile(source.path)).flatMap(source =>
    all.filter(rule => !rule.where.test(source.path) && rule.used(source)).map(rule =>
      ({ path: source.path, problem: `knows ${rule.what}`, fix: rule.fix })))
}

/** The environment is read once, by one file, at run time. */
export function environmentInOnePlace(sources: Source[]): Violation[] {
  return sources.filter(source => source.path !== 'server/utils/env.ts' && source.path !== 'nuxt.config.ts').flatMap((source) => {
    const way = ['process.env', 'import.meta.env'].find(access => source.accesses.has(access))
      ?? (source.template.includes('process.env') ? 'process.env' : undefined)
    return way ? [{ path: source.path, problem: `reads ${way}`, fix: 'use env() of server/utils/env.ts, and add the variable there and in .env.example' }] : []
  })
}
