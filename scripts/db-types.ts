/**
 * `npm run db:types`: regenerates server/database/types.ts from the migrations, applied to an in-memory Postgres.
 * `npm run db:types -- --check` changes nothing and fails when the file is stale.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import process from 'node:process'
import { createPgliteConnection } from '@supabase/lite/pglite'
import { readCatalogue } from './lib/catalogue.ts'
import { prepareLiteDatabase } from './lib/lite-database.ts'
import { renderTypes } from './lib/render-types.ts'

const file = join(import.meta.dirname, '../server/database/types.ts')

async function generate(): Promise<string> {
  const connection = await createPgliteConnection({})
  try {
    await prepareLiteDatabase(connection, {
      exec: sql => connection.driver.exec(sql),
      query: sql => connection.driver.query<Record<string, unknown>>(sql),
    })
    const catalogue = await readCatalogue(
      async <Row>(sql: string, parameters: unknown[]) => (await connection.driver.query<Row>(sql, parameters)).rows, 'public')
    return renderTypes(catalogue)
  }
  finally {
    await connection.close()
  }
}

const name = relative(process.cwd(), file)
const wanted = await generate()
const present = await readFile(file, 'utf8').catch(() => '')
if (!process.argv.includes('--check')) {
  await writeFile(file, wanted)
  console.log(`${name}: ${wanted === present ? 'unchanged' : 'written'}`)
}
else if (wanted === present) {
  console.log(`${name} is up to date.`)
}
else {
  console.error(`${name} does not match supabase/migrations. To fix: npm run db:types`)
  process.exitCode = 1
}
