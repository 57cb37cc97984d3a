/**
 * A process that removes an integration and stops between the deletion and the signing of its receipt, to be killed there:
 * `node delete-unsigned.ts <integration> <organization> <person> <email>`, with the environment of `openRooms`.
 */
import process from 'node:process'
import { load } from '../../../scripts/lib/server.ts'

const [integrationId = '', organizationId = '', userId = '', email = ''] = process.argv.slice(2)
const { serviceClient, useSupabase } = await load<typeof import('../../../server/database/clients.ts')>('database/clients')
const { deleteWithReceipt } = await load<typeof import('../../../server/integrations/remove.ts')>('integrations/remove')
const { SUPABASE_URL: url = '', SUPABASE_ANON_KEY: anonKey = '', SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey = '' } = process.env
useSupabase({ url, anonKey, serviceRoleKey })

await deleteWithReceipt({ userId, email, organizationId, client: serviceClient() }, integrationId, { ip: '127.0.0.1', userAgent: null, requestId: 'killed' })
console.log('deleted, not signed')
setInterval(() => undefined, 60_000)
