/** Supabase mode with a KMS and no ENCRYPTION_KEY: the installation's secret is made once, kept wrapped, and everybody's. */
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openBackend, type Backend } from '../support/backend.ts'
import { expectStatus, newPerson } from '../support/client.ts'
import { runProbe, runScript } from '../support/commands.ts'
import { settled } from '../support/company.ts'
import { startKms, type Kms } from '../support/kms.ts'
import { startStack } from '../support/stack.ts'

/** Says who it signs as, and seals a text or opens one. */
const probe = `
  const { publicSigningKeys } = await load('utils/signing')
  const { encryptValue, decryptValue } = await load('utils/encryption')
  const sealed = process.env.SEALED
  say({ kid: publicSigningKeys()[0].kid, sealed: encryptValue('a text', 'probe'), opened: sealed ? decryptValue(sealed, 'probe') : null })`

describe.skipIf(inject('databaseMode') === 'embedded')('a KMS in place of ENCRYPTION_KEY', () => {
  let kms: Kms
  let backend: Backend
  let env: Record<string, string>
  beforeAll(async () => {
    kms = await startKms()
    backend = await openBackend()
    const { ENCRYPTION_KEY: _, ...rest } = backend.env
    env = { ...rest, ...kms.env }
  })
  afterAll(async () => {
    await backend?.close()
    await kms?.close()
  })

  const run = (more: Record<string, string> = {}) => runProbe<{ kid: string, sealed: string, opened: string | null }>(probe, { ...env, ...more })

  it('gives all processes one secret, also those that start at once, and keeps no key in the clear', async () => {
    const [first, second] = await Promise.all([run(), run()])
    expect(first.kid).toBe(second.kid)
    const third = await run({ SEALED: first.sealed })
    expect(third).toMatchObject({ kid: first.kid, opened: 'a text' })
    const sql = postgres(backend.env.DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
    const stored = await sql`select wrapped from public.installation_secrets`
    await sql.end()
    expect(stored).toEqual([{ wrapped: expect.stringMatching(new RegExp(`^kms:${kms.arn}\\.[\\w+/]+=*$`)) as string }])
    expect(kms.calls.every(call => call.context.organization_id === 'installation')).toBe(true)
  })

  it('moves the secret to another KMS key with the wraps, so that the first one is needed no more', async () => {
    const before = await run()
    const next = kms.addKey()
    const onNext = { ...env, ENCRYPTION_KMS_KEY_ID: next }
    expect(await runScript('keys-rotate', [], onNext)).toMatchObject({ code: 0 })
    kms.closeKey(kms.arn)
    expect(await runProbe<{ kid: string, opened: string }>(probe, { ...onNext, SEALED: before.sealed })).toMatchObject({ kid: before.kid, opened: 'a text' })
    kms.pointAlias(next)
    expect(await run({ SEALED: before.sealed })).toMatchObject({ kid: before.kid })
  })

  it('does not start without KMS, and says so', async () => {
    kms.become('denied')
    try {
      const { code, output } = await runScript('keys-status', [], env)
      expect(code).toBe(1)
      expect(output).toContain('ENCRYPTION_KMS_KEY_ID')
      expect(output).toContain('AccessDeniedException')
      expect(output).not.toMatch(/arn:|AKIDEXAMPLE| {4}at /)
    }
    finally {
      kms.become('good')
    }
  })

  it('serves the whole app: sign-up, connection, scan, and again after a restart', async () => {
    const stack = await startStack({ env: { ENCRYPTION_KEY: undefined, ...kms.env } })
    try {
      const person = newPerson()
      const client = await stack.person(person)
      const id = (await client.connect()).split('/').at(-1) ?? ''
      expect((await settled(client, id))[0]).toMatchObject({ status: 'completed' })
      await stack.app.kill('SIGTERM')
      await stack.app.restart()
      await client.signIn(person)
      expectStatus(await client.post(`/api/integrations/${id}/scan`), 202)
      const [newest] = await settled(client, id)
      expect(newest).toMatchObject({ status: 'completed', error: null })
    }
    finally {
      await stack.close()
    }
  })
})
