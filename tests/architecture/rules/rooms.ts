/** Who may import whom (design: "Who may import whom, downwards only, no circles"). */
import { isClientFile, type Source, type Violation } from '../source.ts'

/** Each room and the rooms below it that it may know. `errors`, `open`, `startup`: the files at the top of server/. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  sandbox: [],
  utils: ['errors', 'shared'],
  connectors: ['errors', 'utils', 'shared'],
  // Checks that two connections answer together, which name no provider.
  cross: ['connectors', 'shared'],
  oauth: ['connectors', 'errors', 'utils', 'shared'],
  database: ['errors', 'utils', 'shared'],
  queue: ['errors', 'utils'],
  audit: ['database', 'errors', 'utils', 'shared'],
  accounts: ['audit', 'database', 'errors', 'utils', 'shared'],
  // How many calls a provider takes, for all processes.
  limits: ['oauth', 'connectors', 'database', 'errors', 'utils'],
  integrations: ['limits', 'oauth', 'cross', 'connectors', 'queue', 'database', 'audit', 'errors', 'utils', 'shared'],
  scanner: ['integrations', 'cross', 'connectors', 'queue', 'database', 'audit', 'errors', 'utils', 'shared'],
  // `npm run doctor`: looks at a deployment from outside, room by room.
  doctor: ['integrations', 'oauth', 'connectors', 'queue', 'database', 'errors', 'utils'],
  open: ['integrations', 'database', 'utils'],
  // The composition root: opens and closes every room, and is the only one that loads the sandbox.
  startup: ['open', 'scanner', 'integrations', 'limits', 'accounts', 'audit', 'queue', 'database', 'connectors', 'sandbox', 'errors', 'utils'],
  // What the routes share: parsing, authorizing, answering.
  http: ['accounts', 'integrations', 'oauth', 'connectors', 'audit', 'errors', 'utils', 'shared'],
  api: ['http', 'startup', 'scanner', 'integrations', 'accounts', 'audit', 'connectors', 'errors', 'utils', 'shared'],
  routes: ['http', 'integrations', 'audit', 'errors', 'utils'],
  middleware: ['http', 'accounts', 'errors', 'utils', 'shared'],
  tasks: ['startup', 'scanner', 'integrations', 'accounts', 'audit', 'errors', 'utils'],
  plugins: ['startup', 'connectors', 'database', 'errors', 'utils'],
}

/** The room of a path, `shared`, or null. */
export function roomOf(path: string): string | null {
  if (path.startsWith('shared/')) return 'shared'
  return /^server\/([^/.]+)/.exec(path)?.[1] ?? null
}

export function roomEdges(sources: Source[]): Violation[] {
  return sources.filter(source => source.path.startsWith('server/')).flatMap((source) => {
    const room = roomOf(source.path) ?? ''
    const allowed = rooms[room]
    if (!allowed) return [{ path: source.path, problem: `is in a room that the design does not have (${room})`, fix: 'move it into a room, or add the room to tests/architecture/rules/rooms.ts with those it may import' }]
    return source.imports.flatMap(({ target, specifier }) => {
      const other = target === null ? null : roomOf(target)
      if (other === null || other === room || allowed.includes(other)) return []
      return [{ path: source.path, problem: `imports ${specifier}: ${room} may not know ${other}`, fix: 'hand it in from above, or move what both need into a room below both' }]
    })
  })
}

/** Inside a room imports are relative; across rooms they start with `#server/` or `#shared/`, so that the edge shows. */
export function importStyle(sources: Source[]): Violation[] {
  return sources.filter(source => source.path.startsWith('server/')).flatMap(source => source.imports.flatMap(({ target, specifier }) => {
    const room = roomOf(source.path)
    const other = target === null ? null : roomOf(target)
    if (other === null) return []
    const relative = specifier.startsWith('.')
    if (room === other && !relative) return [{ path: source.path, problem: `imports its own room as ${specifier}`, fix: 'write a relative path' }]
    if (room !== other && relative) return [{ path: source.path, problem: `imports another room as ${specifier}`, fix: `write #${target}` }]
    return []
  }))
}

/** A connector knows its own folder, the contract and what it shares with others, utils, the errors and the vocabulary; no other connector. */
export function connectorIsolation(sources: Source[]): Violation[] {
  const folder = (path: string) => /^server\/connectors\/([^/.]+)\//.exec(`${path}/`)?.[1]
  return sources.filter(source => folder(source.path) !== undefined && source.path.split('/').length > 3).flatMap((source) => {
    const own = folder(source.path)
    return source.imports.flatMap(({ target, specifier }) => {
      const problem = `is part of a connector and imports ${specifier}`
      if (target === null) {
        return ['h3', 'nitropack', '@supabase', 'pg-boss', '#imports'].some(name => specifier === name || specifier.startsWith(`${name}/`))
          ? [{ path: source.path, problem, fix: 'let the caller do that: a connector is data and pure functions' }]
          : []
      }
      if (target === 'server/utils/env') return [{ path: source.path, problem, fix: 'the environment is handed in by the caller' }]
      if (roomOf(target) !== 'connectors' || /^server\/connectors\/(?:cidr|contract|paging|signals|verdict)$/.test(target) || target.startsWith(`server/connectors/${own}`)) return []
      return [{ path: source.path, problem, fix: 'keep to its own folder, cidr, contract, paging, signals, verdict and utils' }]
    })
  })
}

/** Nuxt builds it without a word, and the server's code lands in the public bundle: this is a security rule. */
export function clientKnowsNoServer(sources: Source[]): Violation[] {
  return sources.filter(source => isClientFile(source.path) || source.path.startsWith('shared/')).flatMap(source =>
    source.imports.filter(one => one.target?.startsWith('server') || one.specifier.startsWith('#server')).map(one => ({
      path: source.path, problem: `imports ${one.specifier}, a server room`, fix: 'call the API through a composable, and take types from shared/',
    })))
}

const layers: Readonly<Record<string, readonly string[]>> = {
  components: ['pages', 'layouts', 'middleware'],
  composables: ['pages', 'components', 'layouts', 'middleware'],
  shared: ['pages', 'components', 'composables', 'layouts', 'middleware'],
}

/** Pages know components and composables, never the other way round. */
export function clientLayers(sources: Source[]): Violation[] {
  return sources.flatMap((source) => {
    const forbidden = layers[source.path.split('/')[0] ?? ''] ?? []
    return source.imports.filter(one => one.target !== null && forbidden.includes(one.target.split('/')[0] ?? '')).map(one => ({
      path: source.path, problem: `imports ${one.specifier}, which stands above it`, fix: 'hand it in as a prop, a slot or an argument',
    }))
  })
}

/** Components get props and send events; composables call the API. */
export function componentsNeverFetch(sources: Source[]): Violation[] {
  const calls = ['fetch', '$fetch', 'useFetch', 'useLazyFetch', 'useAsyncData', 'useLazyAsyncData', 'useRequestFetch', 'useApi']
  return sources.filter(source => source.path.startsWith('components/')).flatMap(source =>
    calls.filter(name => source.identifiers.has(name)).map(name => ({
      path: source.path, problem: `uses ${name}`, fix: 'take the data as a prop and send an event; the page calls a composable',
    })))
}
