/**
 * A `timestamptz` as the data API gives it, as ISO 8601 in UTC: `2026-11-22T20:45:53.671123Z`. PostgREST and the
 * embedded Supabase write it differently; microseconds are kept, since a list's cursor rests on them.
 */
export function isoTime(text: string): string {
  const utc = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|\+00(?::?00)?)$/.exec(text)
  return utc ? `${utc[1]}T${utc[2]}Z` : new Date(text).toISOString()
}

/** Every key of a row that holds a time (`..._at`, `..._since`, `..._until`) through `isoTime`; the rest as it is. */
export function withIsoTimes<T extends object>(row: T): T {
  return Object.fromEntries(Object.entries(row).map(([key, value]: [string, unknown]) =>
    [key, typeof value === 'string' && /_(?:at|since|until)$/.test(key) ? isoTime(value) : value])) as T
}
