/**
 * One JSON object a line on standard output: time, level, message, request_id and fields, redacted in one place
 * (redact.ts). A log line never fails the work that it tells of.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import process from 'node:process'
import { env } from './env.ts'
import { redact, redactText } from './redact'

export type LogFields = Record<string, unknown>
type Level = 'debug' | 'info' | 'warn' | 'error'
type Write = (message: string, fields?: LogFields | Error) => void

export interface Logger extends Record<Level, Write> {
  /** A logger that adds these fields to every line. */
  with: (fields: LogFields) => Logger
}

interface LoggerOptions { level: () => Level | 'silent', write: (line: string) => void, now: () => Date }

const order = ['debug', 'info', 'warn', 'error', 'silent'] as const
const reserved = new Set(['time', 'level', 'message'])
const context = new AsyncLocalStorage<LogFields>()

/** Runs `fn` so that every line written by it, now and after any await, carries these fields (such as `request_id`). */
export function withLogContext<T>(fields: LogFields, fn: () => T): T {
  return context.run({ ...context.getStore(), ...fields }, fn)
}

/** The same for the rest of the present request: for an h3 middleware, which cannot wrap what comes after it. */
export function enterLogContext(fields: LogFields): void {
  context.enterWith({ ...context.getStore(), ...fields })
}

/** For tests and special outputs; everyone else uses `log`. */
export function createLogger(options: LoggerOptions, bound: LogFields = {}): Logger {
  const at = (level: Level): Write => (message, fields = {}) => {
    try {
      if (order.indexOf(level) < order.indexOf(options.level())) return
      const all = redact({ ...context.getStore(), ...bound, ...(fields instanceof Error ? { error: fields } : fields) })
      const rest = typeof all === 'object' && all !== null ? Object.entries(all).filter(([name]) => !reserved.has(name)) : []
      options.write(JSON.stringify({ time: options.now().toISOString(), level, message: redactText(message), ...Object.fromEntries(rest) }))
    }
    catch { /* Nowhere left to say so. */ }
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: fields => createLogger(options, { ...bound, ...fields }),
  }
}

/** Before the environment is known to be valid, everything from `info` on is written. */
function configuredLevel(): Level | 'silent' {
  try { return env().logLevel }
  catch { return 'info' }
}

export const log: Logger = createLogger({
  level: configuredLevel,
  write: line => process.stdout.write(`${line}\n`),
  now: () => new Date(),
})

/**
 * What a library writes to the console by itself goes through the log from here on: it does not know what must not be
 * written. (The embedded Supabase writes every statement that the database refused, with its parameters.)
 */
export function captureConsole(target: Pick<Console, 'warn' | 'error'>, logger: Logger = log): void {
  for (const level of ['warn', 'error'] as const) {
    target[level] = (...values: unknown[]) => {
      const error = values.find(value => value instanceof Error)
      logger[level](values.filter(value => typeof value === 'string').join(' ') || 'a library wrote', error ? { error } : {})
    }
  }
}
