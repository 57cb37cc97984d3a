/** One call of a process to its own database, held back until the test lets it go: a process that stands still in that moment. */
import { useSupabase, type SupabaseAddress } from '#server/database/clients'

export interface HeldCalls {
  /** Calls that wait now. */
  waiting: () => number
  /** Lets them go, and all that come later. */
  open: () => void
}

/** @param name of a database function: only calls of that one wait */
export function holdCalls(address: SupabaseAddress, name: string): HeldCalls {
  const pass = address.fetch ?? fetch
  let waiting = 0
  let open = () => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  useSupabase({
    ...address,
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      if (new URL(url).pathname.endsWith(`/rpc/${name}`)) {
        waiting++
        await opened
        waiting--
      }
      return pass(input, init)
    },
  })
  return {
    waiting: () => waiting,
    open: () => {
      open()
      useSupabase(address)
    },
  }
}
