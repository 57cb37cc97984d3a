import { describe, expect, it } from 'vitest'
import { circles } from './rules/circles.ts'
import { providerNames } from './rules/provider-names.ts'
import { clientKnowsNoServer, clientLayers, componentsNeverFetch, connectorIsolation, importStyle, roomEdges, rooms } from './rules/rooms.ts'
import { environmentInOnePlace, onlyThere } from './rules/secrets-of-rooms.ts'
import { largeFiles } from './rules/sizes.ts'
import { format, parseSource, readSources, targetExists, type Source, type Violation } from './source.ts'

const sources = readSources()

interface Case { name: string, rule: (sources: Source[]) => Violation[], bad: [path: string, code: string][], good: [path: string, code: string][] }

const cases: Case[] = [
  {
    name: 'no room imports a room above it',
    rule: roomEdges,
    bad: [
      ['server/utils/clock.ts', `import { serviceClient } from '#server/database/clients'`],
      ['server/oauth/exchange.ts', `const { sweep } = await import('#server/scanner/run')`],
      ['server/sandbox/supabase/index.ts', `import { AppError } from '#server/errors'`],
      ['server/scanner/run.ts', `import type { Session } from '../accounts/session'`],
      ['server/misc/helper.ts', `export const one = 1`],
    ],
    good: [['server/scanner/run.ts', `import { withCredential } from '#server/integrations/credentials'`], ['server/api/health.get.ts', `import { z } from 'zod'`]],
  },
  {
    name: 'imports are relative inside a room and start with # across rooms',
    rule: importStyle,
    bad: [
      ['server/audit/index.ts', `import { AppError } from '../errors'`],
      ['server/audit/index.ts', `import { list } from '#server/audit/list'`],
      ['server/audit/index.ts', `export { roles } from '../../shared/vocabulary'`],
    ],
    good: [['server/audit/index.ts', `import { list } from './list'\nimport { AppError } from '#server/errors'\nimport { roles } from '#shared/vocabulary'`]],
  },
  {
    name: 'a connector keeps to its own folder, the contract and utils',
    rule: connectorIsolation,
    bad: [
      ['server/connectors/slack/index.ts', `import { scopes } from '../supabase/scopes'`],
      ['server/connectors/slack/checks/mfa.ts', `import { findConnector } from '../../registry'`],
      ['server/connectors/slack/index.ts', `import { env } from '#server/utils/env'`],
      ['server/connectors/slack/index.ts', `import { getQuery } from 'h3'`],
    ],
    good: [
      ['server/connectors/slack/checks/mfa.ts', `import { defineCheck } from '../../contract'\nimport { team } from '../endpoints'\nimport { z } from 'zod'`],
      ['server/connectors/registry.ts', `import { slack } from './slack'`],
    ],
  },
  {
    name: 'nothing that runs in the browser imports a server room',
    rule: clientKnowsNoServer,
    bad: [
      ['pages/index.vue', `<script setup lang="ts">\nimport { errorTable } from '#server/errors'\n</script>\n<template><p /></template>`],
      ['components/finding/Row.vue', `<script setup lang="ts">\nimport type { Check } from '../../server/connectors/contract'\n</script>`],
      ['composables/useSession.ts', `export const load = () => import('~/server/accounts/session')`],
      ['shared/vocabulary.ts', `export type { ErrorCode } from '../server/errors'`],
      ['app.vue', `<script setup lang="ts">\nimport { env } from '~~/server/utils/env'\n</script>`],
    ],
    good: [['pages/index.vue', `<script setup lang="ts">\n// from '#server/errors'\nimport { roles } from '#shared/vocabulary'\n</script>`]],
  },
  {
    name: 'pages know components and composables, never the other way round',
    rule: clientLayers,
    bad: [
      ['composables/useList.ts', `import Row from '~/components/finding/Row.vue'`],
      ['components/finding/Row.vue', `<script setup lang="ts">\nimport Index from '../../pages/index.vue'\n</script>`],
    ],
    good: [['pages/index.vue', `<script setup lang="ts">\nimport Row from '~/components/finding/Row.vue'\n</script>`]],
  },
  {
    name: 'components never fetch',
    rule: componentsNeverFetch,
    bad: [
      ['components/finding/Row.vue', `<script setup lang="ts">\nconst { data } = await useFetch('/api/findings')\n</script>`],
      ['components/finding/Row.vue', `<script setup lang="ts">\nasync function load() { return $fetch('/api/findings') }\n</script>`],
    ],
    good: [['components/finding/Row.vue', `<script setup lang="ts">\n// fetch\ndefineProps<{ title: string }>()\n</script>`]],
  },
  {
    name: 'what one room knows stays there',
    rule: onlyThere,
    bad: [
      ['server/scanner/run.ts', `import { PGlite } from '@electric-sql/pglite'`],
      ['server/accounts/session.ts', `import { createClient, type SupabaseClient } from '@supabase/supabase-js'`],
      ['server/scanner/due.ts', `import PgBoss from 'pg-boss'`],
      ['server/api/integrations/index.get.ts', `export default defineEventHandler(() => decryptConfig({}))`],
      ['server/api/integrations/index.get.ts', `import { serviceClient } from '#server/database/clients'`],
      ['pages/index.vue', `<script setup lang="ts">\nimport { createClient } from '@supabase/supabase-js'\n</script>`],
    ],
    good: [
      ['server/accounts/session.ts', `import type { AuthError } from '@supabase/supabase-js'`],
      ['server/integrations/credentials.ts', `import { decryptConfig } from '#server/utils/encryption'`],
    ],
  },
  {
    name: 'the environment is read in one place',
    rule: environmentInOnePlace,
    bad: [
      ['server/oauth/http.ts', `const url = process.env.SUPABASE_API_URL`],
      ['composables/useApi.ts', `const { APP_URL } = process.env`],
      ['pages/index.vue', `<script setup lang="ts">\n</script>\n<template><p>{{ process.env.X }}</p></template>`],
    ],
    good: [['server/utils/env.ts', `export const all = process.env`], ['server/oauth/http.ts', `// process.env\nconst text = 'process.env'`]],
  },
  {
    name: 'a provider is named in its own folder only',
    rule: providerNames,
    bad: [
      ['server/scanner/run.ts', `if (integration.type === 'slack') skip()`],
      ['components/integration/Card.vue', `<script setup lang="ts">\n</script>\n<template><p v-if="type === 'github'" /></template>`],
    ],
    good: [['server/connectors/slack/index.ts', `export const id = 'slack'`], ['server/scanner/run.ts', `// slack\nconst sentence = 'We use slack'`]],
  },
  {
    name: 'no file is in a circle of imports',
    rule: circles,
    bad: [['server/scanner/a.ts', `import './b'`], ['server/scanner/b.ts', `import './c'`], ['server/scanner/c.ts', `import type { A } from './a'`]],
    good: [['server/scanner/a.ts', `import './b'\nimport './c'`], ['server/scanner/b.ts', `import './c'`], ['server/scanner/c.ts', `const a = () => import('./a')`]],
  },
]

describe.each(cases)('$name', ({ name, rule, bad, good }) => {
  it('holds in this repository', () => {
    expect(format(rule(sources))).toBe('')
  })

  if (name.includes('circle')) {
    it('fails on a circle', () => expect(format(rule(bad.map(([path, code]) => parseSource(path, code))))).toMatch(/a → .*b → .*c → .*a\. To fix: /))
  }
  else {
    it.each(bad)('fails on bad sample %#: %s', (path, code) => expect(format(rule([parseSource(path, code)]))).toMatch(/\. To fix: \S/))
  }

  it('passes on what is allowed', () => expect(format(rule(good.map(([path, code]) => parseSource(path, code))))).toBe(''))
})

describe('the table of rooms', () => {
  it('goes downwards only', () => {
    const depth = (room: string, way: string[] = []): number => {
      if (way.includes(room)) throw new Error(`${[...way, room].join(' → ')} is a circle. To fix: take one edge out of tests/architecture/rules/rooms.ts.`)
      return 1 + Math.max(0, ...(rooms[room] ?? []).map(below => depth(below, [...way, room])))
    }
    expect(Object.keys(rooms).map(room => depth(room)).every(Number.isFinite)).toBe(true)
  })
})

describe('the reading of sources', () => {
  it('sees the product', () => {
    expect(sources.length).toBeGreaterThan(80)
    expect(sources.some(source => source.path.endsWith('.vue'))).toBe(true)
  })

  it('resolves every import of a file of ours to a file', () => {
    const lost = sources.flatMap(source => source.imports
      .filter(one => one.target !== null && !/^(?:\.nuxt|node_modules)/.test(one.target) && !/\.(?:css|svg|json)$/.test(one.target) && !targetExists(one.target))
      .map(one => ({ path: source.path, problem: `imports ${one.specifier}, which is not there`, fix: 'correct the path' })))
    expect(format(lost)).toBe('')
  })

  it('tells type imports from others', () => {
    const { imports } = parseSource('server/x/y.ts', `import type { A } from 'a'\nimport { type B } from 'b'\nimport { type C, d } from 'c'\nimport 'e'\ntype F = import('f').F`)
    expect(imports.filter(one => one.typeOnly).map(one => one.specifier)).toEqual(['a', 'b', 'f'])
  })
})

describe('the size of files', () => {
  it('is measured, and long ones are named without failing', () => {
    expect(largeFiles([parseSource('server/x/y.ts', '\n'.repeat(300)), parseSource('server/x/z.ts', '')])).toHaveLength(1)
    const large = largeFiles(sources)
    if (large.length) console.warn(format(large))
  })
})
