/**
 * The one place that takes secrets out of what is written to a log.
 *
 * Two nets, because each has holes: by the NAME a value stands under (catches secrets of any shape), and by the SHAPE of
 * a text wherever it stands (catches secrets under any name, and inside messages, stacks and addresses). Both rather
 * take too much than too little: log a code under `error_code`, a state under `status`.
 *
 * The result is plain JSON data, bounded in depth, width and length. Nothing here throws, whatever comes in.
 * Every expression is linear in the text's length: a bounded repeat, or a start that can't lie inside a match.
 */
import { Buffer } from 'node:buffer'
import { errorTable, providerErrorKinds } from '#server/errors'

export const redacted = '[redacted]'
const limits = { depth: 8, entries: 100, values: 2_000, text: 8_192, scanned: 65_536 }

/** Compared with a name in lower case without punctuation. */
const exactNames = new Set([
  'code', 'state', 'nonce', 'pin', 'otp', 'config', 'sid', 'session', 'sessions', 'credential', 'credentials', 'pwd',
  'setcookie', 'cookie', 'cookies', 'databaseurl', 'connectionstring', 'ciphertext', 'flow', 'sealed', 'rawbody', 'anonkey',
])
const nameParts = /token|secret|passw|passphrase|authorization|apikey|accesskey|privatekey|encryptionkey|signingkey|servicerole|verifier|cookie|jwt/
const harmlessNames = new Set(['tokentype', 'tokenendpoint', 'secretfields'])

/** Shapes of texts that are secrets wherever they stand, and what remains of them. */
const shapes: ReadonlyArray<readonly [RegExp, string]> = [
  // A password in an address: postgres://user:password@host. Passwords of databases often hold unescaped characters.
  [/(postgres(?:ql)?:\/\/)[^\s@]{1,512}@/gi, `$1${redacted}@`],
  [/((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@]{1,512}@/gi, `$1${redacted}@`],
  // Authorization headers.
  [/\b(Bearer|Basic)\s{1,4}[\w.~+/=:-]+/gi, `$1 ${redacted}`],
  // JSON Web Tokens, also cut ones.
  [/(?<![\w-])eyJ[\w-]{5,}(?:\.[\w-]*){0,4}/g, redacted],
  // Our own encrypted values, with and without a key id.
  [/(?<![\w-])(?:[0-9a-f]{8}:)?[\w-]{16}\.[\w-]{22}\.[\w-]*/g, redacted],
  // Tokens that say what they are: Supabase, GitHub, Slack, Netlify, Stripe-like, AWS.
  [/(?<![A-Za-z0-9])(?:sbp|sba|sbr|sb_secret|sb_temp|gh[a-z]|github_pat|xox[a-z]|xapp|nf[a-z]|vc[a-z]|sk_live|sk_test|whsec)[_-][\w-]{8,}/g, redacted],
  [/(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g, redacted],
  // The address of a calendar feed is a key by itself.
  [/(\/api\/calendar\/)[^\s/?#"'<>]+/gi, `$1${redacted}`],
  // A cookie header holds many names.
  [/((?:set-)?cookie\\?["']?\s{0,4}:\s{0,4}\\?["']?)[^\r\n"]+/gi, `$1${redacted}`],
  // Names and values in addresses, forms, JSON and headers that are part of a text.
  [/([?&#;](?:code|state|key|sig|signature|session|sid|otp|nonce|pass|pwd)=)[^&#\s"'<>]+/gi, `$1${redacted}`],
  [/((?<![\w-])[\w-]{0,32}(?:token|secret|password|apikey|api_key|verifier|authorization|cookie)(?:_?hash)?\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)(?!\s*\[redacted\])[^&\s"'\\,;<>}]+/gi, `$1${redacted}`],
  [/(\\?["'](?:code|state)\\?["']\s{0,4}:\s{0,4}\\?["'])[^\s"'\\]+/gi, `$1${redacted}`],
  // A long random value in an address's query, under any name; a UUID is none.
  [/([?&][^=&#\s]{1,64}=)(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-]))[\w+/%.~-]{32,}=*/gi, `$1${redacted}`],
  // 32 bytes in base64, as ENCRYPTION_KEY is.
  [/(?<![\w+/-])[A-Za-z0-9+/]{43}=(?!=)/g, redacted],
  // Exactly as long as 256 bits in base64url, in upper and lower case: one in 1,500 of them has no digit.
  [/(?<![\w-])(?=[a-z0-9_-]{0,42}[A-Z])(?=[A-Z0-9_-]{0,42}[a-z])[\w-]{43}(?![\w-])/g, redacted],
  // A word of 40 and more characters with upper case, lower case and digits: a random value in base64url.
  [/(?<![\w-])(?=[a-z_-]{0,60}[A-Z0-9])(?=[A-Z0-9_-]{0,60}[a-z])(?=[A-Za-z_-]{0,60}[0-9])(?=[a-z0-9_-]{0,60}[A-Z])[\w-]{40,}/g, redacted],
]

/** The text without secrets, cut to 8,192 characters. */
export function redactText(text: string): string {
  let result = text
  if (text.length > limits.scanned) {
    // Cut at a space: half a secret would match no shape.
    const head = text.slice(0, limits.scanned)
    result = head.slice(0, head.search(/\s\S*$/) + 1)
  }
  for (const [shape, replacement] of shapes) result = result.replace(shape, replacement)
  if (text.length <= limits.scanned && result.length <= limits.text) return result
  return `${result.slice(0, limits.text)}… [${text.length} characters]`
}

/** Whether a value under this name is a secret whatever it looks like. */
export function isSecretName(name: string): boolean {
  const bare = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return !harmlessNames.has(bare) && (exactNames.has(bare) || nameParts.test(bare))
}

const knownCodes = new Set<string>([...Object.keys(errorTable), ...providerErrorKinds])

/** Yes and no give nothing away, nor does a count, nor under `code` one of our codes or words like `invalid_grant`. */
function isHarmless(name: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return /token|secret|cookie/i.test(name)
  return name === 'code' && typeof value === 'string' && (knownCodes.has(value) || /^[a-z]{2,14}(?:_[a-z]{2,14}){1,4}$/.test(value))
}

interface Walk { ancestors: Set<object>, left: number }

function walkEntries(entries: Iterable<readonly [string, unknown]>, walk: Walk, depth: number): Record<string, unknown> {
  const result: [string, unknown][] = []
  for (const [name, value] of entries) {
    if (result.length >= limits.entries) {
      result.push(['…', '[more]'])
      break
    }
    const hidden = isSecretName(name) && !isHarmless(name, value)
    result.push([redactText(name), hidden ? redacted : visit(value, walk, depth + 1)])
  }
  return Object.fromEntries(result)
}

function* propertiesOf(value: object): Generator<readonly [string, unknown]> {
  // { name: 'cookie', value: '...' }, as header lists and form fields are written.
  const named = 'name' in value && typeof value.name === 'string' && isSecretName(value.name)
  for (const name of Object.keys(value)) {
    if (named && name === 'value') yield [name, redacted]
    else yield [name, read(value, name)]
  }
}

function read(value: object, name: string): unknown {
  try { return Reflect.get(value, name) }
  catch { return '[unreadable]' }
}

function* errorProperties(error: Error): Generator<readonly [string, unknown]> {
  yield ['name', String(read(error, 'name'))]
  yield ['message', String(read(error, 'message'))]
  const code = read(error, 'code')
  // Codes of Node, of Postgres and of ours; not under `code`, which is what OAuth calls its secret.
  if (typeof code === 'string' && /^(?:[A-Za-z][A-Za-z_]{1,48}|[0-9A-Z]{5})$/.test(code)) yield ['error_code', code]
  const stack = read(error, 'stack')
  if (typeof stack === 'string') yield ['stack', stack]
  const cause = read(error, 'cause')
  if (cause !== undefined) yield ['cause', cause]
  if (error instanceof AggregateError) yield ['errors', error.errors]
}

/** [name, value] pairs, and lists in which names and values alternate (Node's rawHeaders). */
function walkList(list: readonly unknown[], walk: Walk, depth: number): unknown[] {
  const result = list.slice(0, limits.entries).map((item, index) => {
    const before: unknown = list[index - 1]
    const hidden = typeof item === 'string' && typeof before === 'string' && before.length < 64 && /^(?:set-)?cookie$|authorization$|token$|^apikey$|secret$/i.test(before)
    return hidden ? redacted : visit(item, walk, depth + 1)
  })
  return list.length > limits.entries ? [...result, '[more]'] : result
}

function visitObject(value: object, walk: Walk, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof URL) return redactText(value.href)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || Buffer.isBuffer(value)) return `[${value.byteLength} bytes]`
  if (depth >= limits.depth) return '[deeper]'
  if (Array.isArray(value)) return walkList(value, walk, depth)
  if (value instanceof Set) return walkList([...value], walk, depth)
  if (value instanceof Map) return walkEntries([...value].map(([key, item]) => [typeof key === 'string' ? key : '[key]', item] as const), walk, depth)
  if (value instanceof Headers || value instanceof URLSearchParams) return walkEntries(value.entries(), walk, depth)
  if (value instanceof Error) return walkEntries(errorProperties(value), walk, depth)
  return walkEntries(propertiesOf(value), walk, depth)
}

function visit(value: unknown, walk: Walk, depth: number): unknown {
  walk.left -= 1
  if (walk.left < 0) return '[more]'
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return redactText(String(value))
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (typeof value !== 'object') return `[${typeof value}]`
  if (walk.ancestors.has(value)) return '[circular]'
  walk.ancestors.add(value)
  try { return visitObject(value, walk, depth) }
  catch { return '[unreadable]' }
  finally { walk.ancestors.delete(value) }
}

/** A copy as plain JSON data without secrets. Never throws. */
export function redact(value: unknown): unknown {
  return visit(value, { ancestors: new Set(), left: limits.values }, 0)
}
