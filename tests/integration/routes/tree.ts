/** The API's routes, read from the file tree as Nitro reads it. */
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

function routesBelow(folder: string, prefix: string): string[] {
  return globSync('**/*.ts', { cwd: join(root, folder) }).map((file) => {
    const match = /^(.*?)(?:\.(get|head|post|put|patch|delete))?\.ts$/.exec(file.replaceAll('\\', '/'))
    const path = (match?.[1] ?? '').replace(/(^|\/)index$/, '').replace(/\[\.\.\.\]/, '**').replace(/\[(\w+)\]/g, ':$1')
    return `${match?.[2]?.toUpperCase() ?? 'ALL'} ${prefix}${path ? `/${path}` : ''}`
  }).sort()
}

/** `GET /api/integrations/:id`; `ALL /api/**` for what answers everything else. */
export const routesOfTree = () => routesBelow('server/api', '/api')

/** Those outside of the API: `ALL /sandbox/**`. */
export const otherRoutesOfTree = () => routesBelow('server/routes', '')

/** The addresses of the pages: `/integrations/:id/history`. */
export function pagesOfTree(): string[] {
  return globSync('**/*.vue', { cwd: join(root, 'pages') })
    .map(file => `/${file.replaceAll('\\', '/').replace(/\.vue$/, '').replace(/(^|\/)index$/, '').replace(/\[(\w+)\]/g, ':$1')}`).sort()
}

export const isUnsafe = (route: string) => /^(?:POST|PUT|PATCH|DELETE) /.test(route)
