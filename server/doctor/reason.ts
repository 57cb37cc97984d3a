import { redactText } from '#server/utils/redact'

/** Of what a driver or the system threw: its code, and its words without secrets. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return redactText(error.message ? `${code}: ${error.message.split('\n')[0]}` : code)
}
