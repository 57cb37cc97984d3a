/**
 * A process that uses one integration's credential many times at once: `node uses.ts <integration id> <how many>`, with the
 * environment of `openRooms`. The server's own files, by way of Vite, which reads them as the tests do.
 */
import process from 'node:process'
import { join } from 'node:path'
import { createServer } from 'vite'

const root = join(import.meta.dirname, '../../..')
const [integrationId = '', uses = '1'] = process.argv.slice(2)

const vite = await createServer({
  root, configFile: false, appType: 'custom', logLevel: 'error', cacheDir: join(root, 'node_modules/.vite-uses'),
  server: { middlewareMode: true, watch: null, ws: false }, optimizeDeps: { noDiscovery: true, include: [] },
  resolve: { alias: { '#server': join(root, 'server'), '#shared': join(root, 'shared') } },
})
const room = async <T>(path: string) => await vite.ssrLoadModule(join(root, 'server', path)) as T
const { useSupabase } = await room<typeof import('../../../server/database/clients.ts')>('database/clients.ts')
const { withCredential } = await room<typeof import('../../../server/integrations/credentials.ts')>('integrations/credentials.ts')

const { readRow } = await room<typeof import('../../../server/integrations/row.ts')>('integrations/row.ts')

const { SUPABASE_URL: url = '', SUPABASE_ANON_KEY: anonKey = '', SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey = '' } = process.env
useSupabase({ url, anonKey, serviceRoleKey })
const use = { integrationId, purpose: 'scan', actor: { type: 'worker', id: null, email: null } } as const
const got = Array.from({ length: Number(uses) }, () => withCredential(use, async secrets => secrets.accessToken))
// Asked after them, answered after them: they have seen the credential that is no longer good.
for (let reads = 0; reads < 3; reads++) await readRow(integrationId)
console.log('under way')
console.log(`tokens: ${JSON.stringify([...new Set(await Promise.all(got))])} of ${got.length}`)
await vite.close()
process.exit(0)
