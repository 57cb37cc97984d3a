/**
 * `npm run keys:rotate`: wraps every organization's key with the key-encryption key of now (ENCRYPTION_KEY, or the KMS of
 * ENCRYPTION_KMS_KEY_ID). `npm run keys:rotate -- --data-keys`: also gives every organization a new key and re-encrypts
 * all credentials. Both while the app runs (with the embedded database: while it does not), and as often as you like.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { load, runCommand } from './lib/server.ts'

function options(): { dataKeys: boolean } {
  try {
    return { dataKeys: parseArgs({ options: { 'data-keys': { type: 'boolean', default: false } } }).values['data-keys'] }
  }
  catch {
    console.error('Usage: npm run keys:rotate [-- --data-keys]')
    process.exit(2)
  }
}

const remedy = 'Add the key to ENCRYPTION_KEYS_PREVIOUS, or reconnect what is under it.'
const { dataKeys } = options()
await runCommand(async () => {
  const { rotateDataKeys, rotateKek } = await load<typeof import('../server/integrations/rotate.ts')>('integrations/rotate')
  const words = { wraps: 'keys wrapped anew', keys: 'new keys made', values: 'integrations re-encrypted' } as const
  const progress = (done: number, what: keyof typeof words) => console.log(`  ${done} ${words[what]}`)
  const kek = await rotateKek(progress)
  console.log(`${kek.wrapped} keys wrapped with the key-encryption key of now.`)
  if (kek.unreadable > 0) console.error(`${kek.unreadable} keys open with no key of this installation and were left as they are. ${remedy}`)
  const data = dataKeys ? await rotateDataKeys(progress) : null
  if (data) console.log(`${data.rotated} integrations re-encrypted${data.resumed ? ', going on with a change that was interrupted' : ''}.`)
  if (data && data.unreadable > 0) console.error(`The credentials of ${data.unreadable} integrations open with no key of this installation and were left as they are. ${remedy}`)
  if (kek.unreadable > 0 || (data && data.unreadable > 0)) return 1
  console.log('See what is under which key: npm run keys:status')
  return 0
})
