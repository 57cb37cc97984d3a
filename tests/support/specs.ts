/** The providers' OpenAPI documents, which lie beside the repository on the developers' machines and in CI. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'

const folder = process.env.SHARED_SPECS ?? join(import.meta.dirname, '../../../shared/specs')

/** For `describe.skipIf(!hasSpec(...))`: a checkout elsewhere has none. */
export function hasSpec(name: string): boolean {
  return existsSync(join(folder, name))
}

/** @param name e.g. `supabase-management.openapi.json` */
export async function readSpec(name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, name), 'utf8'))
}
