/** `npm run keys:status [-- --json]`: what is under which key, by counts. Changes nothing; exits 1 when a key is missing or used up. */
import process from 'node:process'
import { load, runCommand } from './lib/server.ts'

const WARN = 2 ** 31

await runCommand(async () => {
  const { keyCensus } = await load<typeof import('../server/integrations/key-census.ts')>('integrations/key-census')
  const uses = await keyCensus()
  const bad = uses.filter(use => (use.held > 0 && !use.known) || use.encryptions >= WARN)
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(uses, null, 2))
    return bad.length > 0 ? 1 : 0
  }
  const wraps = uses.filter(use => use.kind === 'wrap')
  console.log('Key-encryption keys:')
  if (wraps.length === 0) console.log('  none used yet')
  for (const { keyId, held, encryptions, current, known } of wraps) {
    console.log(`  ${keyId}  wraps ${held} data keys, ${encryptions} wraps made${current ? ', current' : ''}${known ? '' : ', MISSING in this installation'}`)
  }
  const data = uses.filter(use => use.kind === 'data_key')
  console.log(`Data keys: ${data.length}, holding ${data.reduce((sum, use) => sum + use.held, 0)} values; ${data.filter(use => use.held === 0).length} hold none`)
  for (const { keyId, held, encryptions } of data.filter(use => use.encryptions >= WARN)) {
    console.log(`  ${keyId}  ${held} values, ${encryptions} encryptions of at most ${2 * WARN}: run npm run keys:rotate -- --data-keys`)
  }
  for (const { keyId, held, known } of uses.filter(use => use.kind === 'direct')) {
    console.log(`Under key ${keyId} itself, from before there were data keys: ${held} values${known ? '' : ', MISSING in this installation'}. To rewrite: npm run keys:rotate -- --data-keys`)
  }
  return bad.length > 0 ? 1 : 0
})
