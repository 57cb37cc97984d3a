/** What a newcomer sees after the first scan of the sandbox: a believable mix, the same on every day. And only by reading. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiReader, ResourceDescription } from '#server/connectors/contract'
import { netlify } from '#server/connectors/netlify'
import { exchangeCode } from '#server/oauth/exchange'
import { createApiReader } from '#server/oauth/http'
import { revokeGrant } from '#server/oauth/revoke'
import { evaluate } from '#server/scanner/evaluate'
import { sharedReader } from '#server/scanner/reader'
import { baseUrl, clientId, clientSecret, clock, openSandbox, redirectUri } from './browser'

const expected: Record<string, Record<string, string>> = {
  'Brightwater Labs': {
    netlify_env_secrets_marked: 'pass',
    netlify_members_mfa: 'fail',
    netlify_mfa_enforced: 'fail',
    netlify_stale_members: 'fail',
    netlify_audit_trail: 'pass',
  },
  'Harborline Studio': {
    netlify_env_secrets_marked: 'not_applicable',
    netlify_members_mfa: 'pass',
    netlify_mfa_enforced: 'pass',
    netlify_stale_members: 'pass',
    netlify_audit_trail: 'error',
  },
  'brightwater-www': {
    netlify_force_ssl: 'pass',
    netlify_certificate_valid: 'pass',
    netlify_previews_protected: 'pass',
    netlify_untrusted_builds: 'not_applicable',
    netlify_production_from_git: 'pass',
    netlify_build_logs_private: 'not_applicable',
    netlify_env_secrets_marked: 'pass',
    netlify_hooks_secure: 'pass',
  },
  'brightwater-docs': {
    netlify_force_ssl: 'pass',
    netlify_certificate_valid: 'pass',
    netlify_previews_protected: 'fail',
    netlify_untrusted_builds: 'pass',
    netlify_production_from_git: 'fail',
    netlify_build_logs_private: 'pass',
    netlify_env_secrets_marked: 'not_applicable',
    netlify_hooks_secure: 'not_applicable',
  },
  'brightwater-shop': {
    netlify_force_ssl: 'fail',
    netlify_certificate_valid: 'fail',
    netlify_previews_protected: 'fail',
    netlify_untrusted_builds: 'fail',
    netlify_production_from_git: 'fail',
    netlify_build_logs_private: 'fail',
    netlify_env_secrets_marked: 'fail',
    netlify_hooks_secure: 'fail',
  },
  'harborline-landing': {
    netlify_force_ssl: 'not_applicable',
    netlify_certificate_valid: 'not_applicable',
    netlify_previews_protected: 'pass',
    netlify_untrusted_builds: 'not_applicable',
    netlify_production_from_git: 'not_applicable',
    netlify_build_logs_private: 'not_applicable',
    netlify_env_secrets_marked: 'not_applicable',
    netlify_hooks_secure: 'not_applicable',
  },
  'harborline-2023': Object.fromEntries(netlify.checks.filter(check => check.kinds?.includes('site')).map(check => [check.id, 'not_applicable'])),
}

/** Connects and reads as the product does, through its own verbs, and keeps what left the house. */
async function connected(now: () => number, pageSize = 100) {
  const browser = openSandbox({ now, pageSize })
  const made: string[] = []
  const client = {
    connector: netlify, clientId, clientSecret, apiBase: baseUrl, authBase: baseUrl, redirectUri, settings: {},
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init)
      made.push(`${request.method} ${new URL(request.url).pathname.replace('/sandbox/netlify', '')}`)
      return browser.sandbox.fetch(request)
    },
  }
  const code = await browser.approvedCode()
  const tokens = await exchangeCode(client, { code, codeVerifier: null })
  const api = sharedReader(createApiReader({ base: baseUrl, accessToken: tokens.accessToken, fetch: client.fetch, retryAfter: netlify.retryAfter, refusal: netlify.refusal }))
  return { client, tokens, api, made, browser }
}

async function scan(resource: ResourceDescription, api: ApiReader, now: Date): Promise<Record<string, string>> {
  const checks = netlify.checks.filter(check => check.kinds?.includes(resource.kind) ?? true)
  return Object.fromEntries(await Promise.all(checks.map(async (check) => {
    const evaluation = await evaluate(netlify, check, resource, api, [], now)
    expect(JSON.stringify(evaluation)).not.toMatch(/nobody-may-keep|@/)
    return [check.id, evaluation.verdict]
  })))
}

describe.each([0, 400])('%i days from now', (days) => {
  const time = clock()
  time.advance(days * 86_400)
  let api: ApiReader
  let resources: ResourceDescription[]

  beforeAll(async () => {
    ({ api } = await connected(time.now, 2))
    resources = await Array.fromAsync(netlify.resources(api))
  })

  it('the account is the fictional person, with two teams and their sites from every page', async () => {
    expect(await netlify.account(api)).toEqual({ id: '65f0c2a1b3d4e5f60718293a', name: 'Ines Okafor' })
    expect(resources.map(resource => resource.name)).toEqual(Object.keys(expected))
    expect(resources.filter(resource => netlify.unavailable(resource)).map(resource => resource.name)).toEqual(['harborline-2023'])
  })

  it.each(Object.keys(expected))('%s', async (name) => {
    const resource = resources.find(one => one.name === name)
    if (!resource) throw new Error(`${name} is not listed`)
    expect(await scan(resource, api, new Date(time.now()))).toEqual(expected[name])
  })
})

describe('a token that may do everything', () => {
  it('is used to read: from consent to the last check there is one POST, for the token itself', async () => {
    const { api, made, client, tokens } = await connected(clock().now, 2)
    await netlify.account(api)
    for await (const resource of netlify.resources(api)) await scan(resource, api, new Date('2026-11-22T12:00:00Z'))
    expect(await revokeGrant(client, tokens)).toBe('not_supported')
    const [first, ...others] = made
    expect(first).toBe('POST /oauth/token')
    expect(others.length).toBeGreaterThan(30)
    expect(others.filter(call => !/^GET \/api\/v1\//.test(call))).toEqual([])
  })

  it('cannot be used otherwise: a connector describes reads, and gets nothing else to call', async () => {
    const { api } = await connected(clock().now)
    // `forget` lets go of what was answered.
    expect(Object.keys(api).sort()).toEqual(['facts', 'forget', 'get', 'pages'])
    expect(netlify.authorization.revocation).toBeNull()
    expect(netlify).not.toHaveProperty('webhooks')
    for (const endpoint of netlify.checks.flatMap(check => Object.values(check.reads))) {
      expect(Object.keys(endpoint).filter(key => !['id', 'path', 'schema', 'scope', 'absent', 'paging'].includes(key))).toEqual([])
    }
  })

  it('is refused from the moment of a new password', async () => {
    const { api, browser } = await connected(clock().now)
    browser.sandbox.resetPassword()
    await expect(netlify.account(api)).rejects.toMatchObject({ kind: 'unauthorized' })
  })
})
