/**
 * `npm run worker`: a process of the built app that takes jobs and serves nothing but its health. As many as you like, on as many
 * machines as you like, beside processes with WORKER=0.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const entry = join(import.meta.dirname, '../.output/server/index.mjs')

function refusal(): string | null {
  if (!existsSync(entry)) return 'There is no build. To fix: npm run build'
  if (!process.env.SUPABASE_URL) {
    return 'A process that only works needs Supabase (SUPABASE_URL): the embedded database takes one process, and that one takes the jobs itself. '
      + 'To fix: set SUPABASE_URL and what belongs to it, see .env.example, or use npm start.'
  }
  return null
}

const reason = refusal()
if (reason) {
  console.error(reason)
  process.exitCode = 1
}
else {
  // Beside a web process on the same machine: its health is at http://localhost:3001/api/health.
  const port = process.env.NITRO_PORT ?? process.env.PORT ?? '3001'
  Object.assign(process.env, { WEB: '0', WORKER: '1', NITRO_PORT: port })
  await import(pathToFileURL(entry).href)
}
