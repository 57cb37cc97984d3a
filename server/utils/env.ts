/**
 * The only place that reads process.env. Everything is read at run time and checked once; every fault stands in one
 * message, with the variable, what is wrong and how to make a value. No value is ever printed: some are secrets.
 *
 * SUPABASE_URL, SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY are this installation's own database.
 * SUPABASE_CLIENT_ID, _CLIENT_SECRET, _API_URL and _AUTH_URL belong to the connector of that name.
 *
 * Plain Node runs this file (through encryption.ts): erasable syntax, and imports with `.ts`.
 */
import { resolve } from 'node:path'
import process from 'node:process'
import type { z } from 'zod'
import { dateOrTime, environmentSchema, faultsBetween, remedies, settingMeaning, settingSchema, settingVariable, webAddress, type SettingNeeds, type Variable } from './env-schema.ts'

/** A provider by its id, with the settings that its connector declares. */
export interface ProviderNeeds { id: string, settings?: readonly SettingNeeds[] }
/** An id alone: without settings. */
type ProviderRef = string | ProviderNeeds

export interface ProviderEnv {
  clientId?: string
  clientSecret?: string
  apiUrl?: string
  authUrl?: string
  /** ISO 8601: when the provider ends the client secret, if the operator says so. */
  clientSecretExpires?: string
  /** By the settings' names. Some are secret. */
  settings: Readonly<Record<string, string | undefined>>
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
  /** AWS KMS wraps the organizations' keys, not ENCRYPTION_KEY. */
  kmsKeyId: string | null
  sandbox: boolean
  /** This process takes jobs. */
  worker: boolean
  /** This process serves pages and the API. */
  web: boolean
  /** A reverse proxy stands in front, so that the last X-Forwarded-For address is the caller's. */
  trustProxy: boolean
  /** Opens GET /api/metrics; null: there is no such call. */
  metricsToken: string | null
  /** Where alerts are sent. Its path and query may be secret: not to be logged. */
  alertWebhook: { url: string, secret: string | null } | null
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** @throws EnvironmentError when the provider's own addresses or settings are not valid (see `loadEnv`) */
  provider: (of: ProviderRef) => ProviderEnv
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

/** @throws EnvironmentError */
function readProvider(set: Record<string, string>, of: ProviderRef): ProviderEnv {
  const { id, settings = [] } = typeof of === 'string' ? { id: of } : of
  const prefix = id.toUpperCase()
  const faults: EnvironmentFault[] = []
  const read = <T>(variable: string, schema: z.ZodType<T>, remedy: string): T | undefined => {
    const result = schema.optional().safeParse(set[variable])
    if (result.error) faults.push({ variable, problem: result.error.issues[0]?.message ?? 'is not valid', remedy })
    return result.data
  }
  const address = 'set the provider\'s address, or remove it to use its own'
  const provider: ProviderEnv = {
    clientId: set[`${prefix}_CLIENT_ID`],
    clientSecret: set[`${prefix}_CLIENT_SECRET`],
    apiUrl: read(`${prefix}_API_URL`, webAddress, address),
    authUrl: read(`${prefix}_AUTH_URL`, webAddress, address),
    clientSecretExpires: read(`${prefix}_CLIENT_SECRET_EXPIRES`, dateOrTime, 'set the day on which the secret ends, such as 2027-01-31, or remove it'),
    settings: Object.fromEntries(settings.map(one => [one.name, read(settingVariable(id, one.name), settingSchema(one), `correct or remove it (${settingMeaning(one)})`)])),
    missing: [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`, ...settings.filter(one => one.required).map(one => settingVariable(id, one.name))]
      .filter(variable => !set[variable]),
  }
  if (faults.length) throw new EnvironmentError(faults)
  return provider
}

/**
 * Reads and checks an environment. Blank values count as unset, spaces around a value are dropped.
 * `providers`: whose addresses and settings are checked too, so that their faults stand in the same message.
 * @throws EnvironmentError with every fault
 */
export function readEnv(source: EnvSource, options: { providers?: readonly ProviderRef[], dev?: boolean } = {}): Env {
  const set: Record<string, string> = {}
  for (const [name, value] of Object.entries(source)) if (value?.trim()) set[name] = value.trim()

  const parsed = environmentSchema.safeParse(set)
  const found = (parsed.error?.issues ?? []).map(issue => [String(issue.path[0]) as Variable, issue.message] as const)
  const faults: EnvironmentFault[] = [...found, ...faultsBetween(set)]
    .map(([variable, problem]) => ({ variable, problem, remedy: remedies[variable] }))
  for (const of of options.providers ?? []) {
    try { readProvider(set, of) }
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
    kmsKeyId: values.ENCRYPTION_KMS_KEY_ID ?? null,
    sandbox: values.SANDBOX ?? options.dev ?? false,
    worker: values.WORKER,
    web: values.WEB,
    trustProxy: values.TRUST_PROXY,
    metricsToken: values.METRICS_TOKEN ?? null,
    alertWebhook: values.ALERT_WEBHOOK_URL ? { url: values.ALERT_WEBHOOK_URL, secret: values.ALERT_WEBHOOK_SECRET ?? null } : null,
    logLevel: values.LOG_LEVEL,
    provider: of => readProvider(set, of),
  }
}

let cached: Env | undefined

/** Reads process.env again, with the providers' variables, and keeps the result for `env()`. @throws EnvironmentError */
export function loadEnv(providers: readonly ProviderRef[] = []): Env {
  // Nitro puts a literal in place of import.meta.dev when it builds; plain Node leaves it undefined.
  cached = readEnv(process.env, { providers, dev: import.meta.dev === true })
  return cached
}

/** This process's environment, read once. @throws EnvironmentError */
export function env(): Env {
  return cached ?? loadEnv()
}
