/** The API's routes, read from the file tree as Nitro reads it. */
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../../server/api')

/** `GET /api/integrations/:id`; `ALL /api/**` for what answers everything else. */
export function routesOfTree(): string[] {
  return globSync('**/*.ts', { cwd: root }).map((file) => {
    const match = /^(.*?)(?:\.(get|head|post|put|patch|delete))?\.ts$/.exec(file.replaceAll('\\', '/'))
    const path = (match?.[1] ?? '').replace(/(^|\/)index$/, '').replace(/\[\.\.\.\]/, '**').replace(/\[(\w+)\]/g, ':$1')
    return `${match?.[2]?.toUpperCase() ?? 'ALL'} /api${path ? `/${path}` : ''}`
  }).sort()
}

export const isUnsafe = (route: string) => /^(?:POST|PUT|PATCH|DELETE) /.test(route)
