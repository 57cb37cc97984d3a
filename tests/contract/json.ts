/** JSON of a document that nobody has checked. */
export type Json = Record<string, unknown>

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
