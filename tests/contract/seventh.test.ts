/**
 * A seventh provider, as docs/add-a-provider.md walks through it: its folder and its stand-in, one line each, and no other file.
 * It lies beside the tests as it would lie in the product; the files around it there are the product's own.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { useSandbox } from '#server/integrations/client'
import { createSandboxes } from '#server/sandbox'
import { loadEnv } from '#server/utils/env'
import { connectorIsolation, importStyle, roomEdges } from '../architecture/rules/rooms.ts'
import { format, parseSource } from '../architecture/source.ts'
import { expectStatus } from '../support/client.ts'
import { gitlab } from '../support/seventh/server/connectors/gitlab'
import { gitlabStandIn } from '../support/seventh/server/sandbox/gitlab'
import { oauthContract } from './connectors/oauth.ts'
import { openStage, type Stage } from './connectors/stage.ts'

const root = join(import.meta.dirname, '../support/seventh')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(path => /\/gitlab\/.*\.ts$/.test(path)).sort()
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')

describe('the page', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/add-a-provider.md'), 'utf8')
  const shown = new Map([...page.matchAll(/^`(server\/[\w./-]+)`\n\n```ts\n([\s\S]*?)^```$/gm)].map(match => [match[1] ?? '', match[2] ?? '']))

  it('shows every file of the folder and of the stand-in', () => {
    expect([...shown.keys()].sort()).toEqual(files)
  })

  it.each(files)('shows %s as it is', (path) => {
    expect(shown.get(path), `To fix: put the text of tests/support/seventh/${path} into docs/add-a-provider.md.`).toBe(textOf(path))
  })
})

it('keeps the rules of the house where it will stand', () => {
  const sources = files.map(path => parseSource(path, textOf(path)))
  const violations = [roomEdges, importStyle, connectorIsolation].flatMap(rule => rule(sources))
  expect(violations, format(violations)).toEqual([])
})

describe('beside the others', () => {
  let stage: Stage
  beforeAll(async () => { stage = await openStage([{ connector: gitlab, standIn: gitlabStandIn }], allConnectors()) })
  afterAll(async () => {
    useSandbox(null)
    await stage?.close()
  })

  it('is one of the providers, with what a page and an operator need', async () => {
    const { data } = expectStatus(await (await stage.person()).get<{ data: Record<string, unknown>[] }>('/api/providers'), 200)
    expect(data).toHaveLength(7)
    expect(data.at(-1)).toMatchObject({
      id: 'gitlab', configured: true, missing: [], redirect_uri: `${stage.appUrl}/api/auth/gitlab/callback`, webhook_uri: null,
      scopes: ['read_api'], checks: gitlab.checks.map(check => ({ id: check.id, scopes: ['read_api'] })),
    })
  })

  it('can be tried without an account', async () => {
    const { GITLAB_CLIENT_ID: kept } = process.env
    delete process.env.GITLAB_CLIENT_ID
    loadEnv()
    useSandbox(createSandboxes({ origin: stage.appUrl, directory: null, standIns: { gitlab: gitlabStandIn } }))
    const { data } = expectStatus(await (await stage.person()).get<{ data: Record<string, unknown>[] }>('/api/providers'), 200)
    expect(data.at(-1)).toMatchObject({ id: 'gitlab', configured: false, sandbox: true })
    useSandbox(null)
    process.env.GITLAB_CLIENT_ID = kept
    loadEnv()
  })

  oauthContract(gitlab, {
    standIn: gitlabStandIn,
    published: 'Its document is larger than all the others\'; the pages that the files name describe each call.',
    accounts: { first: {} },
    resources: { project: 4 },
    renews: ['main'],
    ended: null,
  }, () => stage)
})
