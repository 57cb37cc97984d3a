/** How often this process has called functions of its own database. */
import { useSupabase, type SupabaseAddress } from '#server/database/clients'

export interface WatchedCalls {
  count: (name: string) => number
  stop: () => void
}

export function watchCalls(address: SupabaseAddress): WatchedCalls {
  const pass = address.fetch ?? fetch
  const names: string[] = []
  useSupabase({
    ...address,
    fetch: (input, init) => {
      const name = /\/rpc\/(\w+)$/.exec(new URL(input instanceof Request ? input.url : String(input)).pathname)?.[1]
      if (name) names.push(name)
      return pass(input, init)
    },
  })
  return { count: name => names.filter(one => one === name).length, stop: () => useSupabase(address) }
}
