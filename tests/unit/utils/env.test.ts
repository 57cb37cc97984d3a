import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { EnvironmentError, readEnv, type EnvSource, type ProviderNeeds } from '#server/utils/env'
import { providerSuffixes, settingVariable, variableNames } from '#server/utils/env-schema'
import { noisy } from '../../support/test-connectors'

const key = randomBytes(32).toString('base64')
const supabase = {
  SUPABASE_URL: 'https://abcdefghijklmnopqrst.supabase.co', SUPABASE_ANON_KEY: 'anon', SUPABASE_SERVICE_ROLE_KEY: 'service',
  DATABASE_URL: 'postgresql://u:p@localhost:5432/postgres', ENCRYPTION_KEY: key,
}

function faultsOf(source: EnvSource, providers: readonly (string | ProviderNeeds)[] = []): string[] {
  try { readEnv(source, { providers }) }
  catch (error) {
    if (error instanceof EnvironmentError) return error.faults.map(fault => fault.variable)
  }
  return []
}

describe('readEnv', () => {
  it('needs nothing', () => {
    const env = readEnv({})
    expect(env).toMatchObject({
      appUrl: 'http://localhost:3000', production: false, mode: 'embedded', supabase: null, dataDirExplicit: false, encryptionKey: null,
      previousEncryptionKeys: [], sandbox: false, worker: true, web: true, trustProxy: false, alertWebhook: null, logLevel: 'info',
    })
    expect(isAbsolute(env.dataDir)).toBe(true)
  })

  it('treats blank as unset and drops spaces around a value', () => {
    expect(readEnv({ APP_URL: '', SUPABASE_URL: '  ', WORKER: '', DATA_DIR: '\n', ENCRYPTION_KEY: ` ${key}\n` })).toMatchObject({ mode: 'embedded', encryptionKey: key, dataDirExplicit: false })
  })

  it('has the sandbox on in development unless told otherwise', () => {
    expect(readEnv({}, { dev: true }).sandbox).toBe(true)
    expect(readEnv({ SANDBOX: '0' }, { dev: true }).sandbox).toBe(false)
    expect(readEnv({ SANDBOX: '1' }).sandbox).toBe(true)
  })

  it('reads Supabase mode', () => {
    expect(readEnv(supabase)).toMatchObject({ mode: 'supabase', supabase: { url: supabase.SUPABASE_URL, anonKey: 'anon', serviceRoleKey: 'service', databaseUrl: supabase.DATABASE_URL } })
  })

  it('keeps the database\'s variables apart from the connector\'s', () => {
    const env = readEnv({ SUPABASE_CLIENT_ID: 'id', SUPABASE_CLIENT_SECRET: 'secret', SUPABASE_API_URL: 'http://localhost:9/api/', SUPABASE_AUTH_URL: '' })
    expect(env.mode).toBe('embedded')
    expect(env.provider('supabase')).toEqual({ clientId: 'id', clientSecret: 'secret', apiUrl: 'http://localhost:9/api', authUrl: undefined, settings: {}, missing: [] })
    expect(env.provider('slack').missing).toEqual(['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET'])
    expect(readEnv(supabase).provider('supabase').missing).toEqual(['SUPABASE_CLIENT_ID', 'SUPABASE_CLIENT_SECRET'])
  })

  it('takes a KMS key in place of ENCRYPTION_KEY in Supabase mode, and beside it', () => {
    const { ENCRYPTION_KEY: _, ...keyless } = supabase
    expect(readEnv({})).toMatchObject({ kmsKeyId: null })
    expect(readEnv({ ...keyless, ENCRYPTION_KMS_KEY_ID: 'alias/allyship' })).toMatchObject({ mode: 'supabase', encryptionKey: null, kmsKeyId: 'alias/allyship' })
    expect(readEnv({ ...supabase, ENCRYPTION_KMS_KEY_ID: 'alias/allyship' })).toMatchObject({ encryptionKey: key, kmsKeyId: 'alias/allyship' })
    expect(faultsOf(keyless)).toEqual(['ENCRYPTION_KEY'])
    // The embedded database's own secret is a file or a variable, KMS or not.
    expect(faultsOf({ NODE_ENV: 'production', ENCRYPTION_KMS_KEY_ID: 'alias/allyship' })).toEqual(['ENCRYPTION_KEY'])
  })

  it.each(['1234abcd-12ab-34cd-56ef-1234567890ab', 'mrk-1234abcd12ab34cd56ef1234567890ab', 'alias/allyship_prod-1', 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab', 'arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/x'])(
    'takes ENCRYPTION_KMS_KEY_ID %s', text => expect(readEnv({ ENCRYPTION_KMS_KEY_ID: text }).kmsKeyId).toBe(text))

  it.each(['my key', 'alias/ä', 'https://kms.example.com/?x', 'a\nb', 'x'.repeat(2049)])(
    'refuses ENCRYPTION_KMS_KEY_ID %j', text => expect(faultsOf({ ENCRYPTION_KMS_KEY_ID: text })).toEqual(['ENCRYPTION_KMS_KEY_ID']))

  it.each([
    ['https://app.example.com/', 'https://app.example.com'], ['https://app.example.com/base///', 'https://app.example.com/base'],
    ['HTTP://LOCALHOST:80/x', 'http://localhost/x'],
  ])('reads APP_URL %s as %s', (text, expected) => expect(readEnv({ APP_URL: text }).appUrl).toBe(expected))

  it.each(['localhost:3000', 'app.example.com', 'ftp://a.b', 'https://u:p@a.b', 'https://a.b?x=1', 'https://a.b/#x', 'javascript:alert(1)', 'https://a b', '//a.b'])(
    'refuses APP_URL %s', text => expect(faultsOf({ APP_URL: text })).toEqual(['APP_URL']))

  it.each([
    [{ SUPABASE_URL: supabase.SUPABASE_URL }, ['SUPABASE_ANON_KEY', 'SUPABASE_SERVICE_ROLE_KEY', 'DATABASE_URL', 'ENCRYPTION_KEY']],
    [{ SUPABASE_ANON_KEY: 'a', SUPABASE_SERVICE_ROLE_KEY: 'b', ENCRYPTION_KEY: key }, ['SUPABASE_URL', 'DATABASE_URL']],
    [{ ...supabase, DATABASE_URL: undefined }, ['DATABASE_URL']],
    [{ ...supabase, DATABASE_URL: 'mysql://a/b' }, ['DATABASE_URL']],
    [{ ...supabase, ENCRYPTION_KEY: '' }, ['ENCRYPTION_KEY']],
    [{ ...supabase, SUPABASE_ANON_KEY: 'service' }, ['SUPABASE_SERVICE_ROLE_KEY']],
    [{ ...supabase, SUPABASE_ANON_KEY: 'two words' }, ['SUPABASE_ANON_KEY']],
    [{ NODE_ENV: 'production' }, ['ENCRYPTION_KEY']],
    [{ WORKER: '0', WEB: '0' }, ['WORKER']],
    [{ WORKER: 'yes' }, ['WORKER']], [{ WEB: 'true' }, ['WEB']], [{ SANDBOX: '2' }, ['SANDBOX']], [{ TRUST_PROXY: 'on' }, ['TRUST_PROXY']], [{ LOG_LEVEL: 'loud' }, ['LOG_LEVEL']],
    [{ ENCRYPTION_KEYS_PREVIOUS: `${key},short,` }, ['ENCRYPTION_KEYS_PREVIOUS', 'ENCRYPTION_KEYS_PREVIOUS']],
  ])('%j lacks or breaks %j', (source, expected) => expect(faultsOf(source)).toEqual(expected))

  it.each([{ NODE_ENV: 'production', DATA_DIR: '/data' }, { NODE_ENV: 'production', ENCRYPTION_KEY: key }, { DATABASE_URL: 'postgres://elsewhere/x' }, { WORKER: '0' }])(
    'takes %j', source => expect(faultsOf(source)).toEqual([]))

  it('lists every fault in one message, each with a way out, and no value', () => {
    const source = {
      APP_URL: 'leak-1', SUPABASE_URL: 'leak-2', SUPABASE_ANON_KEY: 'leak 3', SUPABASE_SERVICE_ROLE_KEY: 'leak 4', DATABASE_URL: 'leak-5', ENCRYPTION_KEY: 'leak-6',
      ENCRYPTION_KEYS_PREVIOUS: 'leak-7', SANDBOX: 'leak-8', WORKER: 'leak-9', WEB: 'leak-10', LOG_LEVEL: 'leak-11', METRICS_TOKEN: 'leak-14', SUPABASE_API_URL: 'leak-12', SUPABASE_AUTH_URL: 'leak-13',
    }
    let message = ''
    try { readEnv(source, { providers: ['supabase'] }) }
    catch (error) { message = error instanceof Error ? error.message : '' }
    for (const name of Object.keys(source)) expect(message).toContain(name)
    expect(message.match(/To fix: /g)).toHaveLength(14)
    expect(message).toContain('openssl rand -base64 32')
    expect(message).not.toMatch(/leak/)
  })

  it('reads where alerts go, and what signs them', () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`
    expect(readEnv({ ALERT_WEBHOOK_URL: 'https://hooks.example.com/x?key=1' }).alertWebhook).toEqual({ url: 'https://hooks.example.com/x?key=1', secret: null })
    expect(readEnv({ ALERT_WEBHOOK_URL: 'https://hooks.example.com/x', ALERT_WEBHOOK_SECRET: secret }).alertWebhook?.secret).toBe(secret)
    for (const url of ['hooks.example.com', 'ftp://a.b', 'https://u:p@a.b/x', 'https://a.b/#x', 'https://a.b/x#y', 'https://a.b', 'https://a.b//x']) expect(faultsOf({ ALERT_WEBHOOK_URL: url })).toEqual(['ALERT_WEBHOOK_URL'])
    for (const text of ['secret', secret.slice(6), 'whsec_', 'whsec_c2hvcnQ=', `${secret}!`]) expect(faultsOf({ ALERT_WEBHOOK_SECRET: text })).toEqual(['ALERT_WEBHOOK_SECRET'])
  })

  it.each([['2027-01-31', '2027-01-31T00:00:00.000Z'], ['2027-01-31T12:00:00+02:00', '2027-01-31T10:00:00.000Z'], ['2027-02-31', null], ['31.1.2027', null], ['soon', null]])(
    'reads the end of a client secret: %s', (text, expected) => {
      const source = { SLACK_CLIENT_SECRET_EXPIRES: text }
      if (expected === null) expect(faultsOf(source, ['slack'])).toEqual(['SLACK_CLIENT_SECRET_EXPIRES'])
      else expect(readEnv(source).provider('slack').clientSecretExpires).toBe(expected)
    })

  it('finds a provider\'s bad address when it is used, if not before', () => {
    const env = readEnv({ SLACK_API_URL: 'nonsense' })
    expect(() => env.provider('slack')).toThrow(EnvironmentError)
  })
})

describe('a provider\'s settings', () => {
  const provider = (source: EnvSource) => readEnv(source, { providers: [noisy] }).provider(noisy)
  const whole = { NOISY_CLIENT_ID: 'id', NOISY_CLIENT_SECRET: 'secret', NOISY_APP_NAME: ' ours ', NOISY_SIGNING_KEY: '-----BEGIN KEY-----\nabc\n-----END KEY-----\n' }

  it('are read by their names, without the spaces around them', () => {
    expect(provider(whole)).toMatchObject({ settings: { app_name: 'ours', signing_key: '-----BEGIN KEY-----\nabc\n-----END KEY-----' }, missing: [] })
  })

  it('are missing when they are required, blank ones too', () => {
    expect(provider({ ...whole, NOISY_APP_NAME: '  ', NOISY_SIGNING_KEY: '' })).toMatchObject({ settings: { app_name: undefined, signing_key: undefined }, missing: ['NOISY_APP_NAME'] })
    expect(provider({}).missing).toEqual(['NOISY_CLIENT_ID', 'NOISY_CLIENT_SECRET', 'NOISY_APP_NAME'])
    // Only the connector says which there are.
    expect(readEnv(whole).provider('noisy')).toMatchObject({ settings: {}, missing: [] })
  })

  it('stand in the one message with all other faults, without their values', () => {
    let message = ''
    try { readEnv({ APP_URL: 'leak-1', NOISY_API_URL: 'leak-2', NOISY_APP_NAME: 'Leak 3', NOISY_SIGNING_KEY: `leak-4${'x'.repeat(20_000)}` }, { providers: [noisy] }) }
    catch (error) { message = error instanceof EnvironmentError ? error.message : '' }
    expect(message).toContain('The environment has 4 faults:')
    expect(message).toContain('NOISY_APP_NAME does not look like one. To fix: correct or remove it (The app\'s name in its address).')
    expect(message).toContain('NOISY_SIGNING_KEY is longer than 16,384 characters. To fix: ')
    expect(message).not.toMatch(/leak/i)
  })

  it.each(['a\0b', 'a\u007Fb', 'a\u001Bb'])('hold no control character: %j', text => expect(faultsOf({ NOISY_SIGNING_KEY: text }, [noisy])).toEqual(['NOISY_SIGNING_KEY']))
})

/** What the product's connectors declare. */
const declared = allConnectors().flatMap(connector => (connector.settings ?? []).map(setting => settingVariable(connector.id, setting.name)))

it('no setting of a connector takes the place of a variable that every provider has, or of another one', () => {
  const taken = [...variableNames, ...allConnectors().flatMap(({ id }) => providerSuffixes.map(suffix => id.toUpperCase() + suffix))]
  expect(declared.filter(name => taken.includes(name))).toEqual([])
  expect(new Set(declared).size).toBe(declared.length)
})

describe('.env.example', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8')
  const names = [...text.matchAll(/^#? ?([A-Z][A-Z0-9_]*)=/gm)].map(match => match[1] ?? '')

  it('names every variable once', () => {
    expect([...variableNames, ...declared].filter(name => !names.includes(name)), 'To fix: add them to .env.example').toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })

  it('names no variable that nothing reads', () => {
    const unknown = names.filter(name => ![...variableNames, ...declared].includes(name) && !providerSuffixes.some(suffix => name.endsWith(suffix)))
    expect(unknown, 'To fix: remove them from .env.example or read them in server/utils/env-schema.ts or declare them in a connector\'s settings').toEqual([])
  })

  it('is valid as it stands, and sets no secret', () => {
    const set = Object.fromEntries(text.split('\n').filter(line => /^[A-Z]/.test(line)).map(line => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]))
    expect(faultsOf(set, allConnectors())).toEqual([])
    expect(Object.keys(set).filter(name => /KEY|SECRET|DATABASE_URL/.test(name))).toEqual([])
  })

  it('has every variable commented', () => {
    for (const block of text.split(/\n\n+/).filter(part => /^#? ?[A-Z][A-Z0-9_]*=/m.test(part))) expect(block, block).toMatch(/^# [A-Z"]?[^=\n]{10,}/)
  })
})
