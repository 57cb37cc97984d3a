/** What the doctor says of a provider's settings. */
import { afterEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { environment } from '#server/doctor/checks/environment'
import { webhooks } from '#server/doctor/checks/webhooks'
import type { Context } from '#server/doctor/contract'
import { readEnv, type EnvSource } from '#server/utils/env'
import { noisy } from '../../support/test-connectors'

afterEach(() => useConnectors(null))

const whole = { NOISY_CLIENT_ID: 'id', NOISY_CLIENT_SECRET: 'client-leak', NOISY_APP_NAME: 'ours', NOISY_SIGNING_KEY: 'signing-leak' }

function examine(check: typeof environment, source: EnvSource) {
  useConnectors([noisy])
  const env = readEnv(source, { providers: [noisy] })
  return check.run({ env: () => env, faults: [] } as unknown as Context)
}

describe('environment', () => {
  const judge = async (source: EnvSource) => {
    const results = await examine(environment, source)
    return typeof results === 'string' ? [] : results.filter(result => !result.ok)
  }

  it('has nothing against a provider that is configured, or not at all', async () => {
    expect(await judge(whole)).toEqual([])
    expect(await judge({})).toEqual([])
    expect(await judge({ ...whole, NOISY_SIGNING_KEY: undefined })).toEqual([])
  })

  it('names what is missing to one that is configured in part, and what it is', async () => {
    expect(await judge({ ...whole, NOISY_APP_NAME: ' ' })).toEqual([{
      ok: false, detail: 'Noisy is configured in part: NOISY_APP_NAME not set',
      fix: 'set NOISY_APP_NAME (The app\'s name in its address), or remove its other variables',
    }])
    expect((await judge({ NOISY_SIGNING_KEY: 'signing-leak' }))[0]?.detail).toBe('Noisy is configured in part: NOISY_CLIENT_ID and NOISY_CLIENT_SECRET and NOISY_APP_NAME not set')
  })
})

describe('webhooks', () => {
  it('says where deliveries have to go', async () => {
    expect(await examine(webhooks, whole)).toEqual([{ ok: true, detail: 'Noisy has to send to exactly http://localhost:3000/api/webhooks/noisy' }])
  })

  it('says that they can\'t be checked without the key', async () => {
    const [result] = await examine(webhooks, { ...whole, NOISY_SIGNING_KEY: '' }) as { ok: boolean, detail: string, fix: string }[]
    expect(result).toEqual({ ok: false, detail: 'Noisy\'s deliveries are refused: NOISY_SIGNING_KEY is not set', fix: 'set NOISY_SIGNING_KEY (What deliveries are signed with)' })
  })

  it('says nothing of what is not configured', async () => {
    expect(await examine(webhooks, {})).toEqual([])
  })
})
