/** That nothing a connector calls is left out of the comparison with the provider's document, and that straying is caught. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Connector } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import * as ofGithub from '#server/connectors/github/endpoints'
import { netlify } from '#server/connectors/netlify'
import * as ofNetlify from '#server/connectors/netlify/endpoints'
import { slack } from '#server/connectors/slack'
import * as ofSlack from '#server/connectors/slack/endpoints'
import { supabase } from '#server/connectors/supabase'
import * as ofSupabase from '#server/connectors/supabase/endpoints'
import { vercel } from '#server/connectors/vercel'
import * as ofVercel from '#server/connectors/vercel/endpoints'
import type { Exchange } from '../support/served-stand-in.ts'
import { openPublished } from './connectors/published.ts'
import { endpointsIn } from './emulate/second-opinion.ts'

/** The test of each provider goes through all of the module; AWS's requests are its SDK's. */
const modules: readonly (readonly [Connector, Readonly<Record<string, unknown>>])[] = [
  [supabase, ofSupabase], [slack, ofSlack], [github, ofGithub], [vercel, ofVercel], [netlify, ofNetlify],
]

describe.each(modules.map(([connector, exported]) => [connector.id, connector, endpointsIn(exported)] as const))('%s', (id, connector, compared) => {
  it('reads nothing that its test does not compare', () => {
    const called = [...connector.checks.flatMap(check => Object.values(check.reads)), ...connector.discovery]
    expect(called.filter(endpoint => !compared.some(one => one === endpoint)).map(endpoint => endpoint.id)).toEqual([])
    expect(new Set(compared.map(endpoint => endpoint.id)).size).toBe(compared.length)
  })

  it('has no endpoint beside its module of endpoints', () => {
    const folder = join(import.meta.dirname, `../../server/connectors/${id}`)
    const written = globSync('**/*.ts', { cwd: folder }).flatMap(file => [...readFileSync(join(folder, file), 'utf8').matchAll(/\bsatisfies Endpoint\b/g)])
    expect(written).toHaveLength(compared.length)
  })

  it('asks for nothing that no check and no discovery needs', () => {
    const called = [...connector.checks.flatMap(check => Object.values(check.reads)), ...connector.discovery]
    expect(compared.filter(endpoint => !called.some(one => one === endpoint)).map(endpoint => endpoint.id)).toEqual([])
  })
})

describe('what strays', () => {
  const published = openPublished({ documents: ['supabase-management.openapi.json'], undescribed: { 'GET /v1/other': 'elsewhere' } })
  const exchange = (changes: Partial<Exchange>): Exchange => ({
    method: 'GET', path: '/v1/projects', query: new URLSearchParams(), fields: {}, authorization: null, sent: '', status: 200, type: 'application/json', answer: '[]', ...changes,
  })
  const listed = exchange({ path: '/v1/other' })

  it.skipIf(!published).each([
    ['nothing', {}, []],
    ['an operation that is not there', { path: '/v1/secrets' }, [/^GET \/v1\/secrets is in no document/]],
    ['another method', { method: 'DELETE' }, [/^DELETE \/v1\/projects is in no document/]],
    ['a parameter that it does not take', { query: new URLSearchParams('page=2') }, [/takes no parameter page$/]],
    ['another shape', { answer: '[{"ref":7}]' }, [/200 /]],
    ['a status that it does not have', { status: 203, answer: '{}' }, [/describes no answer with 203$/]],
  ] as const)('%s', (_what, changes, faults) => {
    const found = published?.faults([exchange(changes), listed]) ?? []
    if (faults.length === 0) expect(found).toEqual([])
    for (const fault of faults) expect(found).toContainEqual(expect.stringMatching(fault))
  })

  it.skipIf(!published)('is listed, and described after all, or not called any more', () => {
    const own = openPublished({ documents: ['supabase-management.openapi.json'], undescribed: { 'GET /v1/projects': 'elsewhere', 'GET /v1/gone': 'elsewhere' } })
    expect(own?.faults([exchange({})])).toEqual([expect.stringMatching(/described after all/), expect.stringMatching(/^GET \/v1\/gone is listed and was not made/)])
  })
})
