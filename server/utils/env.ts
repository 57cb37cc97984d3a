/**
 * The only place that reads process.env. Everything is read at run time and checked once; every fault stands in one
 * message, with the variable, what is wrong and how to make a value. No value is ever printed: some are secrets.
 *
 * SUPABASE_URL, SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY are this installation's own database.
 * SUPABASE_CLIENT_ID, _CLIENT_SECRET, _API_URL and _AUTH_URL belong to the connector of that name.
 *
 * Plain Node runs this file (through encryption.ts): erasable syntax, and no import but zod and node:.
 */
import { Buffer } from 'node:buffer'
import { resolve } from 'node:path'
import process from 'node:process'
import { z } from 'zod'

export interface ProviderEnv {
  clientId?: string
  clientSecret?: string
  apiUrl?: string
  authUrl?: string
  /** Names of the variables without which the provider is not configured. */
  missing: string[]
}

export interface Env {
  /** Origin and path, without a trailing slash. */
  appUrl: string
  production: boolean
  mode: 'embedded' | 'supabase'
  supabase: { url: string, anonKey: string, serviceRoleKey: string, databaseUrl: string } | null
  /** Absolute. */
  dataDir: string
  dataDirExplicit: boolean
  encryptionKey: string | null
  previousEncryptionKeys: string[]
  sandbox: boolean
  /** This process takes jobs. */
  worker: boolean
  /** This process serves pages and the API. */
  web: boolean
  /** A reverse proxy stands in front, so that the last X-Forwarded-For address is the caller's. */
  trustProxy: boolean
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** @throws EnvironmentError when the provider's own addresses are not valid (see `loadEnv`) */
  provider: (id: string) => ProviderEnv
}

export type EnvSource = Readonly<Record<string, string | undefined>>
export interface EnvironmentFault { variable: string, problem: string, remedy: string }

/** Lists every fault; holds no value. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError'
  readonly faults: readonly EnvironmentFault[]

  constructor(faults: readonly EnvironmentFault[]) {
    super([
      `The environment has ${faults.length} fault${faults.length === 1 ? '' : 's'}:`,
      ...faults.map(fault => `  ${fault.variable} ${fault.problem}. To fix: ${fault.remedy}.`),
    ].join('\n'))
    this.faults = faults
  }
}

/** Why this is no usable AES-256 key (base64, 32 bytes), or null when it is one. Never quotes it. */
export function keyFault(text: string): string | null {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 32 || bytes.toString('base64') !== text) return 'is not base64 of exactly 32 bytes'
  if (bytes.every(byte => byte === bytes[0])) return 'is one byte repeated, not a random key'
  return null
}

const newKey = 'make one with: openssl rand -base64 32'
const supabaseKeys = 'copy it from the project\'s API settings in Supabase'
const onOrOff = 'set it to 1 or 0, or remove it'

/** Every variable, and how to make a value. `.env.example` is tested against it. */
const remedies = {
  NODE_ENV: 'set it to production or development, or remove it',
  APP_URL: 'set the address people open, such as https://integrations.example.com',
  SUPABASE_URL: 'set the project\'s address, such as https://abcdefghijklmnopqrst.supabase.co, or remove all four to use the embedded database',
  SUPABASE_ANON_KEY: supabaseKeys,
  SUPABASE_SERVICE_ROLE_KEY: supabaseKeys,
  DATABASE_URL: 'copy the session connection string from Supabase (postgresql://...)',
  DATA_DIR: 'set a folder on a disk that is backed up',
  ENCRYPTION_KEY: newKey,
  ENCRYPTION_KEYS_PREVIOUS: 'list earlier values of ENCRYPTION_KEY, separated by commas, or remove it',
  SANDBOX: onOrOff,
  WORKER: onOrOff,
  WEB: onOrOff,
  TRUST_PROXY: onOrOff,
  LOG_LEVEL: 'set it to debug, info, warn, error or silent, or remove it',
} as const
type Variable = keyof typeof remedies

export const variableNames: readonly string[] = Object.keys(remedies)
/** What follows a provider's id in upper case. */
export const providerSuffixes = ['_CLIENT_ID', '_CLIENT_SECRET', '_API_URL', '_AUTH_URL'] as const

const web = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !/[?#\s]/.test(text)) {
    return url.origin + url.pathname.replace(/\/+$/, '')
  }
  context.addIssue({ code: 'custom', message: 'is not an http or https address without user, query and fragment' })
  return z.NEVER
})
const postgres = z.string().refine(
  text => URL.canParse(text) && /^postgres(?:ql)?:$/.test(new URL(text).protocol), 'is not a postgresql:// address')
const opaque = z.string().regex(/^[\x21-\x7E]+$/, 'holds a space or a character that no key has')
const toggle = z.enum(['0', '1'], 'is neither 1 nor 0').transform(value => value === '1')
const aesKey = z.string().superRefine((text, context) => {
  const fault = keyFault(text)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})
const aesKeys = z.string().transform(text => text.split(',').map(key => key.trim())).superRefine((keys, context) => {
  keys.forEach((key, index) => {
    const fault = keyFault(key)
    if (fault) context.addIssue({ code: 'custom', message: `holds a value (number ${index + 1}) that ${fault}` })
  })
})

const schema = z.object({
  NODE_ENV: z.string().optional(),
  APP_URL: web.default('http://localhost:3000'),
  SUPABASE_URL: web.optional(),
  SUPABASE_ANON_KEY: opaque.optional(),
  SUPABASE_SERVICE_ROLE_KEY: opaque.optional(),
  DATABASE_URL: postgres.optional(),
  DATA_DIR: z.string().optional(),
  ENCRYPTION_KEY: aesKey.optional(),
  ENCRYPTION_KEYS_PREVIOUS: aesKeys.default([]),
  SANDBOX: toggle.optional(),
  WORKER: toggle.default(true),
  WEB: toggle.default(true),
  TRUST_PROXY: toggle.default(false),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'is no level').default('info'),
} satisfies Record<Variable, z.ZodType>)

/** Faults between variables, found whether or not each is valid by itself. */
function* faultsBetween(set: Record<string, string>): Generator<[Variable, string]> {
  const three = ['SUPABASE_URL', 'SUPABASE_ANON_KEY', 'SUPABASE_SERVICE_ROLE_KEY'] as const
  const supabase = three.some(name => set[name])
  if (supabase) {
    for (const name of [...three, 'DATABASE_URL'] as const) {
      if (!set[name]) yield [name, 'is missing: Supabase mode needs all of SUPABASE_URL, SUPABASE_ANON_KEY, SUPABASE_SERVICE_ROLE_KEY and DATABASE_URL']
    }
    if (set.SUPABASE_ANON_KEY && set.SUPABASE_ANON_KEY === set.SUPABASE_SERVICE_ROLE_KEY) {
      yield ['SUPABASE_SERVICE_ROLE_KEY', 'is the same as SUPABASE_ANON_KEY']
    }
    if (!set.ENCRYPTION_KEY) yield ['ENCRYPTION_KEY', 'is missing: Supabase mode generates none']
  }
  else if (set.NODE_ENV === 'production' && !set.ENCRYPTION_KEY && !set.DATA_DIR) {
    yield ['ENCRYPTION_KEY', 'is missing in production, and DATA_DIR, where one could be generated and kept, is not set either']
  }
  if (set.WEB === '0' && set.WORKER === '0') yield ['WORKER', 'and WEB are both 0: this process would do nothing']
}

/** @throws EnvironmentError */
function readProvider(set: Record<string, string>, id: string): ProviderEnv {
  const prefix = id.toUpperCase()
  const names = [`${prefix}_API_URL`, `${prefix}_AUTH_URL`] as const
  const [api, auth] = names.map(name => web.optional().safeParse(set[name]))
  const faults = [api, auth].flatMap((result, index) => (result?.error?.issues ?? []).map(issue =>
    ({ variable: names[index] ?? '', problem: issue.message, remedy: 'set the provider\'s address, or remove it to use its own' })))
  if (faults.length) throw new EnvironmentError(faults)
  return {
    clientId: set[`${prefix}_CLIENT_ID`],
    clientSecret: set[`${prefix}_CLIENT_SECRET`],
    apiUrl: api?.data,
    authUrl: auth?.data,
    missing: [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`].filter(name => !set[name]),
  }
}

/**
 * Reads and checks an environment. Blank values count as unset, spaces around a value are dropped.
 * `providers`: ids whose addresses are checked too, so that their faults stand in the same message.
 * @throws EnvironmentError with every fault
 */
export function readEnv(source: EnvSource, options: { providers?: readonly string[], dev?: boolean } = {}): Env {
  const set: Record<string, string> = {}
  for (const [name, value] of Object.entries(source)) if (value?.trim()) set[name] = value.trim()

  const parsed = schema.safeParse(set)
  const found = (parsed.error?.issues ?? []).map(issue => [String(issue.path[0]) as Variable, issue.message] as const)
  const faults: EnvironmentFault[] = [...found, ...faultsBetween(set)]
    .map(([variable, problem]) => ({ variable, problem, remedy: remedies[variable] }))
  for (const id of options.providers ?? []) {
    try { readProvider(set, id) }
    catch (error) {
      if (!(error instanceof EnvironmentError)) throw error
      faults.push(...error.faults)
    }
  }
  if (!parsed.success || faults.length) throw new EnvironmentError(faults)

  const values = parsed.data
  const { SUPABASE_URL: url, SUPABASE_ANON_KEY: anonKey, SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey, DATABASE_URL: databaseUrl } = values
  const supabase = url && anonKey && serviceRoleKey && databaseUrl ? { url, anonKey, serviceRoleKey, databaseUrl } : null
  return {
    appUrl: values.APP_URL,
    production: values.NODE_ENV === 'production',
    mode: supabase ? 'supabase' : 'embedded',
    supabase,
    dataDir: resolve(values.DATA_DIR ?? '.data'),
    dataDirExplicit: values.DATA_DIR !== undefined,
    encryptionKey: values.ENCRYPTION_KEY ?? null,
    previousEncryptionKeys: values.ENCRYPTION_KEYS_PREVIOUS,
    sandbox: values.SANDBOX ?? options.dev ?? false,
    worker: values.WORKER,
    web: values.WEB,
    trustProxy: values.TRUST_PROXY,
    logLevel: values.LOG_LEVEL,
    provider: id => readProvider(set, id),
  }
}

let cached: Env | undefined

/** Reads process.env again, with the providers' addresses, and keeps the result for `env()`. @throws EnvironmentError */
export function loadEnv(providers: readonly string[] = []): Env {
  // Nitro puts a literal in place of import.meta.dev when it builds; plain Node leaves it undefined.
  cached = readEnv(process.env, { providers, dev: import.meta.dev === true })
  return cached
}

/** This process's environment, read once. @throws EnvironmentError */
export function env(): Env {
  return cached ?? loadEnv()
}
