/** A start with keys that don't open what is stored: refused, by counts, before anything is touched. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { appEnvironment, serverEntry } from '../support/app.ts'
import { newEncryptionKey } from '../support/backend.ts'
import { runNode } from '../support/child.ts'
import { expectStatus, newPerson, type ApiClient } from '../support/client.ts'
import { runProbe, runScript } from '../support/commands.ts'
import { settled } from '../support/company.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { stoppedSql } from '../support/stopped-database.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const [first, second, third] = [newEncryptionKey(), newEncryptionKey(), newEncryptionKey()]
const person = newPerson()
let stack: Stack
let client: ApiClient
let id: string
let wrapped: string

beforeAll(async () => {
  stack = await startStack({ env: { ENCRYPTION_KEY: first } })
  client = await stack.person(person)
  id = (await client.connect()).split('/').at(-1) ?? ''
  await settled(client, id)
  await stack.app.kill('SIGTERM')
  wrapped = String((await stoppedSql(stack, 'select wrapped from public.organization_keys'))[0]?.wrapped)
})
afterAll(() => stack?.close())

const environment = (more: Record<string, string>) => appEnvironment(stack.app.dataDir, { ...stack.provider.env, ...stack.backend.env, ENCRYPTION_KEY: first, ...more })
const setWrap = (to: string) => stoppedSql(stack, 'update public.organization_keys set wrapped = $1', [to])

/** The app's and the commands' refusal: the same words, exit 1, and none of the secrets. */
async function refusals(more: Record<string, string>): Promise<string[]> {
  const env = await environment(more)
  const outcomes = [await runNode([serverEntry], env, 40_000), await runScript('keys-status', [], env), await runScript('keys-rotate', [], env)]
  for (const { code, output } of outcomes) {
    expect(code, output).toBe(1)
    for (const secret of [first, second, third, wrapped, wrapped.slice(9), ...stack.provider.secrets]) expect(output).not.toContain(secret)
  }
  return outcomes.map(outcome => outcome.output)
}

async function scansWith(more: Record<string, string>): Promise<void> {
  await stack.app.restart({ ENCRYPTION_KEY: first, ...more })
  await client.signIn(person)
  expectStatus(await client.post(`/api/integrations/${id}/scan`), 202)
  const [newest] = await settled(client, id)
  expect(newest).toMatchObject({ status: 'completed', error: null })
  await stack.app.kill('SIGTERM')
}

describe('another ENCRYPTION_KEY over existing data', () => {
  it('is refused, naming how many keys it does not open and the id of the key that would', async () => {
    for (const output of await refusals({ ENCRYPTION_KEY: second, ENCRYPTION_KEYS_PREVIOUS: third })) {
      expect(output).toContain(`1 organization key wrapped with key ${wrapped.slice(0, 8)}`)
      expect(output).toContain('ENCRYPTION_KEYS_PREVIOUS')
    }
  })

  it('is refused also under the right id', async () => {
    // As a key whose id is the same by chance, or a wrap that somebody altered: the id is only a hint.
    const last = wrapped.at(-20) === 'A' ? 'B' : 'A'
    await setWrap(`${wrapped.slice(0, -20)}${last}${wrapped.slice(-19)}`)
    for (const output of await refusals({})) expect(output).toContain(`1 organization key is wrapped with key ${wrapped.slice(0, 8)}`)
  })

  it('loses nothing: with the right wrap, and the right key among the previous ones, all works again', async () => {
    await setWrap(wrapped)
    await scansWith({})
    await scansWith({ ENCRYPTION_KEY: second, ENCRYPTION_KEYS_PREVIOUS: `${third}, ${first}` })
  })
})

describe('values of before there were data keys', () => {
  it('are refused with another key in the same way, and open with the right one', async () => {
    await runProbe(`const { serviceClient } = await load('database/clients')
      const { openConfig } = await load('integrations/credentials')
      const { readRow } = await load('integrations/row')
      const { encryptConfig } = await load('utils/encryption')
      const row = await readRow(${JSON.stringify(id)})
      const config = encryptConfig(await openConfig(row), { integrationId: row.id, organizationId: row.organizationId }, row.connector.secrets)
      await serviceClient().from('integrations').update({ config }).eq('id', row.id).throwOnError()
      await serviceClient().from('organization_keys').delete().neq('key_id', '').throwOnError()
      say(true)`, await environment({}))
    for (const output of await refusals({ ENCRYPTION_KEY: second })) expect(output).toContain(`the values of 1 integration encrypted with key ${wrapped.slice(0, 8)}`)
    await scansWith({ ENCRYPTION_KEY: second, ENCRYPTION_KEYS_PREVIOUS: first })
  })
})
