/**
 * Supabase Auth matches redirect addresses with globs whose separators are `.` and `/`
 * (https://supabase.com/docs/guides/auth/redirect-urls): a wildcard in the path stays on its host, one before the first
 * slash reaches other hosts.
 */
const globs = /[*?[{]/

/** The entries whose scheme or host is matched by a wildcard; those on this machine reach nobody else. */
export function wildcardHosts(entries: readonly string[]): string[] {
  return entries.filter(entry => globs.test(authority(entry)) && !isLocal(entry))
}

/** Whether an entry leads to the developer's own machine. */
export function isLocal(entry: string): boolean {
  return /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:[\d*]+)?(\/|$)/i.test(entry)
}

/** Everything up to the path: `https://*.example.com/**` → `https://*.example.com`. */
function authority(entry: string): string {
  const start = entry.indexOf('://')
  const end = entry.indexOf('/', start === -1 ? 0 : start + 3)
  return end === -1 ? entry : entry.slice(0, end)
}
