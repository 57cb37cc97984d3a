import { describe, expect, it } from 'vitest'
import { captureConsole, createLogger, enterLogContext, withLogContext, type LogFields } from '#server/utils/log'

function recorder(level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'debug') {
  const lines: string[] = []
  const log = createLogger({ level: () => level, write: line => lines.push(line), now: () => new Date(0) })
  return { log, lines, last: (): LogFields => JSON.parse(lines.at(-1) ?? '{}') }
}

describe('log', () => {
  it('writes one JSON object a line', () => {
    const { log, lines } = recorder()
    log.info('assessment\nfinished', { assessment_id: 'a', counts: { pass: 1 } })
    expect(lines).toEqual(['{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"assessment\\nfinished","assessment_id":"a","counts":{"pass":1}}'])
  })

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']], ['info', ['info', 'warn', 'error']], ['warn', ['warn', 'error']], ['error', ['error']], ['silent', []],
  ] as const)('at level %s writes %j', (level, expected) => {
    const { log, lines } = recorder(level)
    for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]('x')
    expect(lines.map(line => JSON.parse(line).level)).toEqual(expected)
  })

  it('redacts message and fields', () => {
    const { log, lines } = recorder()
    log.error('sent Bearer abcdef', { access_token: 'plain', nested: { authorization: 'plain' }, url: 'https://a/b?code=plain' })
    expect(lines[0]).not.toMatch(/abcdef|plain/)
  })

  it('takes an error as a field or by itself', () => {
    const { log, last } = recorder()
    log.error('x', { error: new TypeError('one') })
    expect(last()).toMatchObject({ error: { name: 'TypeError', message: 'one' } })
    log.error('x', new TypeError('two'))
    expect(last()).toMatchObject({ error: { name: 'TypeError', message: 'two' } })
  })

  it('does not let a field pose as the line itself', () => {
    const { log, last } = recorder()
    log.warn('real', { message: 'forged', level: 'debug', time: 'never', ok: 1 })
    expect(last()).toEqual({ time: '1970-01-01T00:00:00.000Z', level: 'warn', message: 'real', ok: 1 })
  })

  it('carries the request id through awaits, apart for each request', async () => {
    const { log, lines } = recorder()
    await Promise.all(['a', 'b'].map(id => withLogContext({ request_id: id }, async () => {
      await new Promise(resolve => setTimeout(resolve, 1))
      withLogContext({ job: 'scan' }, () => log.info(id))
    })))
    expect(lines.map(line => JSON.parse(line))).toMatchObject([{ message: 'a', request_id: 'a', job: 'scan' }, { message: 'b', request_id: 'b' }])
    log.info('outside')
    expect(lines.at(-1)).not.toContain('request_id')
  })

  it('can be entered by a middleware for what comes after it', async () => {
    const { log, last } = recorder()
    await withLogContext({}, async () => {
      enterLogContext({ request_id: 'm' })
      await Promise.resolve()
      log.with({ provider: 'supabase' }).info('x')
    })
    expect(last()).toMatchObject({ request_id: 'm', provider: 'supabase' })
  })

  it('never throws', () => {
    const failing = createLogger({ level: () => 'debug', write: () => { throw new Error('EPIPE') }, now: () => new Date() })
    expect(() => failing.info('x')).not.toThrow()
    const { log, lines } = recorder()
    const hostile = new Proxy<LogFields>({}, { ownKeys() { throw new Error('no') } })
    expect(() => log.info('x', hostile)).not.toThrow()
    expect(() => log.info('x', { big: 1n })).not.toThrow()
    expect(lines.at(-1)).toContain('"big":"1"')
  })

  it('takes in what a library writes to the console, without what is not known to be harmless', () => {
    const { log, lines, last } = recorder()
    const console = { warn: () => {}, error: () => {} } as Pick<Console, 'warn' | 'error'>
    captureConsole(console, log)
    console.error(Object.assign(new Error('refused'), { params: ['plain secret'], detail: 'plain secret' }), { config: 'plain secret' })
    expect(last()).toMatchObject({ level: 'error', message: 'a library wrote', error: { message: 'refused' } })
    console.warn('sent', 'Bearer abcdef')
    expect(last()).toMatchObject({ level: 'warn', message: 'sent Bearer [redacted]' })
    expect(lines.join()).not.toContain('plain secret')
  })
})
