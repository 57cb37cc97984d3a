/**
 * What a valid environment is: each variable by itself, the variables together, and how to make a value. No message
 * quotes a value. Read by env.ts; plain Node runs it too, hence erasable syntax, and no import but zod and node:.
 */
import { Buffer } from 'node:buffer'
import { z } from 'zod'

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
export const remedies = {
  NODE_ENV: 'set it to production or development, or remove it',
  APP_URL: 'set the address people open, such as https://integrations.example.com',
  SUPABASE_URL: 'set the project\'s address, such as https://abcdefghijklmnopqrst.supabase.co, or remove all four to use the embedded database',
  SUPABASE_ANON_KEY: supabaseKeys,
  SUPABASE_SERVICE_ROLE_KEY: supabaseKeys,
  DATABASE_URL: 'copy the session connection string from Supabase (postgresql://...)',
  DATA_DIR: 'set a folder on a disk that is backed up',
  ENCRYPTION_KEY: newKey,
  ENCRYPTION_KEYS_PREVIOUS: 'list earlier values of ENCRYPTION_KEY, separated by commas, or remove it',
  ENCRYPTION_KMS_KEY_ID: 'set the id, ARN or alias of a symmetric AWS KMS key, or remove it to wrap with ENCRYPTION_KEY',
  SANDBOX: onOrOff,
  WORKER: onOrOff,
  WEB: onOrOff,
  TRUST_PROXY: onOrOff,
  METRICS_TOKEN: 'make one with: openssl rand -hex 32, or remove it',
  ALERT_WEBHOOK_URL: 'set the address that takes alerts, such as https://alerts.example.com/allyship, or remove it to send none',
  ALERT_WEBHOOK_SECRET: 'make one with: echo "whsec_$(openssl rand -base64 32)"',
  LOG_LEVEL: 'set it to debug, info, warn, error or silent, or remove it',
} as const
export type Variable = keyof typeof remedies

export const variableNames: readonly string[] = Object.keys(remedies)
/** What follows a provider's id in upper case. */
export const providerSuffixes = ['_CLIENT_ID', '_CLIENT_SECRET', '_API_URL', '_AUTH_URL', '_CLIENT_SECRET_EXPIRES'] as const

export const webAddress = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !/[?#\s]/.test(text)) {
    return url.origin + url.pathname.replace(/\/+$/, '')
  }
  context.addIssue({ code: 'custom', message: 'is not an http or https address without user, query and fragment' })
  return z.NEVER
})
/** May carry a query: some receivers have their key there. The path is one that server/oauth/address.ts takes. */
const receiver = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && !/[#\s]/.test(text)
    && /^\/[^/]/.test(url.pathname) && !url.pathname.includes('//')
}, 'is not an http or https address with a path, without user and fragment')
/** Standard Webhooks: base64 of 24 to 64 bytes. */
const webhookSecret = z.string().refine((text) => {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const { length } = Buffer.from(base64, 'base64')
  return length >= 24 && length <= 64
}, 'is not whsec_ followed by base64 of 24 to 64 bytes')
/** The day, or the moment, as ISO 8601 in UTC. */
export const dateOrTime = z.union([z.iso.date().transform(day => `${day}T00:00:00.000Z`), z.iso.datetime({ offset: true }).transform(text => new Date(text).toISOString())],
  'is neither a date like 2027-01-31 nor a time like 2027-01-31T12:00:00Z')
/** What the schema of a setting needs to know of it: see `SettingDescription` of the connectors' contract. */
export interface SettingNeeds { name: string, description: string, required: boolean, pattern?: RegExp, fault?: (value: string) => string | null }

/** `<PROVIDER>_<NAME>` */
export function settingVariable(provider: string, name: string): string {
  return `${provider}_${name}`.toUpperCase()
}

/** Its description without the full stop, for the middle of a sentence. */
export function settingMeaning({ description }: Pick<SettingNeeds, 'description'>): string {
  return description.replace(/\.$/, '')
}

/** A key may have several lines. */
export function settingSchema({ pattern, fault }: SettingNeeds): z.ZodType<string> {
  return z.string().max(16_384, 'is longer than 16,384 characters')
    .refine(text => !/(?![\t\n\r])\p{Cc}/u.test(text), 'holds a character that no setting has')
    .refine(text => pattern?.test(text) ?? true, 'does not look like one')
    .superRefine((text, context) => {
      const message = fault?.(text)
      if (message) context.addIssue({ code: 'custom', message })
    })
}

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

export const environmentSchema = z.object({
  NODE_ENV: z.string().optional(),
  APP_URL: webAddress.default('http://localhost:3000'),
  SUPABASE_URL: webAddress.optional(),
  SUPABASE_ANON_KEY: opaque.optional(),
  SUPABASE_SERVICE_ROLE_KEY: opaque.optional(),
  DATABASE_URL: postgres.optional(),
  DATA_DIR: z.string().optional(),
  ENCRYPTION_KEY: aesKey.optional(),
  ENCRYPTION_KEYS_PREVIOUS: aesKeys.default([]),
  // https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html#KMS-Encrypt-request-KeyId
  ENCRYPTION_KMS_KEY_ID: z.string().regex(/^[A-Za-z0-9:/_-]{1,2048}$/, 'is no id, ARN or alias of a KMS key').optional(),
  SANDBOX: toggle.optional(),
  WORKER: toggle.default(true),
  WEB: toggle.default(true),
  TRUST_PROXY: toggle.default(false),
  METRICS_TOKEN: opaque.min(16, 'is shorter than 16 characters').optional(),
  ALERT_WEBHOOK_URL: receiver.optional(),
  ALERT_WEBHOOK_SECRET: webhookSecret.optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'is no level').default('info'),
} satisfies Record<Variable, z.ZodType>)

/** Faults between variables, found whether or not each is valid by itself. */
export function* faultsBetween(set: Record<string, string>): Generator<[Variable, string]> {
  const three = ['SUPABASE_URL', 'SUPABASE_ANON_KEY', 'SUPABASE_SERVICE_ROLE_KEY'] as const
  const supabase = three.some(name => set[name])
  if (supabase) {
    for (const name of [...three, 'DATABASE_URL'] as const) {
      if (!set[name]) yield [name, 'is missing: Supabase mode needs all of SUPABASE_URL, SUPABASE_ANON_KEY, SUPABASE_SERVICE_ROLE_KEY and DATABASE_URL']
    }
    if (set.SUPABASE_ANON_KEY && set.SUPABASE_ANON_KEY === set.SUPABASE_SERVICE_ROLE_KEY) {
      yield ['SUPABASE_SERVICE_ROLE_KEY', 'is the same as SUPABASE_ANON_KEY']
    }
    if (!set.ENCRYPTION_KEY && !set.ENCRYPTION_KMS_KEY_ID) yield ['ENCRYPTION_KEY', 'is missing: Supabase mode generates none']
  }
  else if (set.NODE_ENV === 'production' && !set.ENCRYPTION_KEY && !set.DATA_DIR) {
    yield ['ENCRYPTION_KEY', 'is missing in production, and DATA_DIR, where one could be generated and kept, is not set either']
  }
  if (set.WEB === '0' && set.WORKER !== '0' && !supabase) yield ['WEB', 'is 0, and the embedded database takes one process, which has to serve the web']
  if (set.WEB === '0' && set.WORKER === '0') yield ['WORKER', 'and WEB are both 0: this process would do nothing']
}
