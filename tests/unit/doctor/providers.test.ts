/** What the doctor says of a provider, played by its stand-in as a server of its own. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { github } from '#server/connectors/github'
import { useConnectors } from '#server/connectors/registry'
import { providers } from '#server/doctor/checks/providers'
import type { Context, Result } from '#server/doctor/contract'
import { githubStandIn } from '#server/sandbox/github'
import { newPrivateKey } from '#server/sandbox/github/installation-token'
import { loadEnv } from '#server/utils/env'
import { serveStandIn, type ServedStandIn } from '../../support/served-stand-in'

let standIn: ServedStandIn
beforeAll(async () => { standIn = await serveStandIn(github, githubStandIn, 'http://localhost:3999') })
afterAll(() => standIn?.close())
afterEach(() => useConnectors(null))

/** With these in the place of what the stand-in registered. */
async function examine(changes: Record<string, string | undefined>): Promise<Omit<Result, 'name'> | undefined> {
  for (const [name, value] of Object.entries({ ...standIn.env, ...changes })) vi.stubEnv(name, value)
  useConnectors([github])
  const env = loadEnv([github])
  standIn.exchanges.length = 0
  const results = await providers.run({ env: () => env, now: Date.now, clocks: [] } as unknown as Context)
  return typeof results === 'string' ? undefined : results[0]
}
const asked = () => standIn.exchanges.map(({ method, path }) => `${method} ${path}`)

describe('the key with which tokens are made', () => {
  it('is proved with one call', async () => {
    expect(await examine({})).toEqual({ ok: true, detail: `GitHub: ${standIn.url} answers (HTTP 401), GITHUB_PRIVATE_KEY is accepted` })
    expect(asked()).toEqual(['GET /robots.txt', 'GET /app'])
  })

  it('of another app is a fault, with its remedy and without the key', async () => {
    const key = newPrivateKey()
    const result = await examine({ GITHUB_PRIVATE_KEY: key })
    expect(result).toEqual({
      ok: false, detail: 'GitHub does not accept GITHUB_PRIVATE_KEY',
      fix: 'set a key of the very app that GITHUB_CLIENT_ID names and that it still has, and see that this machine\'s clock is right',
    })
  })

  it('may be missing', async () => {
    expect(await examine({ GITHUB_PRIVATE_KEY: undefined })).toEqual({ ok: true, detail: `GitHub: ${standIn.url} answers (HTTP 401)` })
    expect(asked()).toEqual(['GET /robots.txt'])
  })
})
