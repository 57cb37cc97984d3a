/**
 * The entry of a process that does what it is told, line by line: see ./rooms-process.ts. The server's own files, by way of
 * Vite, which reads them as the tests do.
 */
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { createServer } from 'vite'
import type { Command } from './rooms-process.ts'

const root = join(import.meta.dirname, '../..')
const vite = await createServer({
  root, configFile: false, appType: 'custom', logLevel: 'error', cacheDir: join(root, 'node_modules/.vite-rooms'),
  server: { middlewareMode: true, watch: null, ws: false }, optimizeDeps: { noDiscovery: true, include: [] },
  resolve: { alias: { '#server': join(root, 'server'), '#shared': join(root, 'shared') } },
})
const load = async <T>(path: string) => await vite.ssrLoadModule(join(root, path)) as T

const { useSupabase } = await load<typeof import('../../server/database/clients.ts')>('server/database/clients.ts')
const { github } = await load<typeof import('../../server/connectors/github/index.ts')>('server/connectors/github/index.ts')
const { useConnectors } = await load<typeof import('../../server/connectors/registry.ts')>('server/connectors/registry.ts')
const { useEncryptionKeys } = await load<typeof import('../../server/utils/encryption.ts')>('server/utils/encryption.ts')
const { loadEnv } = await load<typeof import('../../server/utils/env.ts')>('server/utils/env.ts')
const { startQueue } = await load<typeof import('../../server/queue/index.ts')>('server/queue/index.ts')
const { withCredential } = await load<typeof import('../../server/integrations/credentials.ts')>('server/integrations/credentials.ts')
const { CredentialError } = await load<typeof import('../../server/integrations/credential-error.ts')>('server/integrations/credential-error.ts')
const { refreshDue } = await load<typeof import('../../server/integrations/refresh-due.ts')>('server/integrations/refresh-due.ts')
const { finishConnection } = await load<typeof import('../../server/integrations/connect.ts')>('server/integrations/connect.ts')
const { openFlow } = await load<typeof import('../../server/oauth/state.ts')>('server/oauth/state.ts')
const { applyDeliveries } = await load<typeof import('../../server/integrations/deliveries.ts')>('server/integrations/deliveries.ts')
const { receiveDelivery } = await load<typeof import('../../server/integrations/webhooks.ts')>('server/integrations/webhooks.ts')
const { runAssessment } = await load<typeof import('../../server/scanner/run.ts')>('server/scanner/run.ts')
const { mirror, noisy } = await load<typeof import('./test-connectors.ts')>('tests/support/test-connectors.ts')

const { SUPABASE_URL: url = '', SUPABASE_ANON_KEY: anonKey = '', SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey = '', DATABASE_URL: databaseUrl = '', ENCRYPTION_KEY: current = '' } = process.env
useConnectors([mirror, noisy, github])
loadEnv([mirror, noisy, github])
useEncryptionKeys({ current })
useSupabase({ url, anonKey, serviceRoleKey })
let queue: Promise<void> | null = null

async function obey(command: Command): Promise<unknown> {
  if (command.do === 'due') return refreshDue(new AbortController().signal)
  if (command.do === 'use') {
    const use = { integrationId: command.id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } } as const
    const got = await Promise.all(Array.from({ length: command.times }, () => withCredential(use, async secrets => secrets.accessToken)))
    return [...new Set(got)]
  }
  if (command.do === 'scan') return runAssessment(command.assessment, new AbortController().signal)
  queue ??= startQueue({ databaseUrl })
  await queue
  if (command.do === 'deliver') return receiveDelivery(noisy, { headers: new Headers(command.headers), body: new TextEncoder().encode(command.body) }, new Date())
  if (command.do === 'apply') return applyDeliveries(noisy.id, false)
  return finishConnection(mirror, command.who, openFlow(command.cookie), 'any-code', { ip: '127.0.0.1', userAgent: 'test', requestId: 'test' })
}

const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`)
createInterface({ input: process.stdin }).on('line', (line) => {
  const { n, command } = JSON.parse(line) as { n: number, command: Command }
  obey(command).then(
    answer => say({ n, answer }),
    (error: unknown) => say({ n, error: error instanceof CredentialError ? `${error.failure}: ${error.code}` : String(error) }),
  )
})
// The pipe alone keeps nothing alive.
setInterval(() => {}, 60_000)
say({ ready: true })
