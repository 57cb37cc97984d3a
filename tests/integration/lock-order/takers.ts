/** Which functions lock rows of several tables, as their text says. */
import type { Run } from '../../support/database.ts'

/** Where they meet. What else there is hangs on one of these, or is locked alone. */
const contested = ['assessments', 'integrations', 'organization_keys', 'integration_resources', 'findings', 'audit_heads']

const writes = /(?:insert\s+into|update|delete\s+from)\s+(?:only\s+)?public\.(\w+)/gi
const reads = /(?:from|join)\s+public\.(\w+)/gi
const locks = /\bfor\s+(?:no\s+key\s+update|key\s+share|update|share)\b/i
const calls = /(?:public|private)\.\w+(?=\()/g
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(found => found[1] ?? found[0])

/** The functions that somebody can call and that lock rows of two of these tables or more, by themselves, by what they call, or by triggers. */
export async function takers(run: Run): Promise<string[]> {
  const { rows: functions } = await run(`select n.nspname || '.' || p.proname as name, p.prosrc as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('public', 'private')`)
  const { rows: triggers } = await run(`select c.relname as table, n.nspname || '.' || p.proname as name from pg_trigger t
    join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace where not t.tgisinternal`)
  const texts = new Map(functions.map(({ name, text }) => [String(name), String(text)]))

  function tablesOf(name: string, seen = new Set<string>()): Set<string> {
    const text = texts.get(name)
    if (text === undefined || seen.has(name)) return new Set()
    seen.add(name)
    const written = all(text, writes)
    const locked = text.split(';').filter(statement => locks.test(statement)).flatMap(statement => all(statement, reads))
    const further = [...all(text, calls), ...triggers.filter(({ table }) => written.includes(String(table))).map(trigger => String(trigger.name))]
    return new Set([...written, ...locked, ...further.flatMap(one => [...tablesOf(one, seen)])])
  }

  return [...texts.keys()].filter(name => name.startsWith('public.') && contested.filter(table => tablesOf(name).has(table)).length > 1)
    .map(name => name.replace('public.', '')).sort()
}
