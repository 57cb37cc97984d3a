/** Calls of a process to its own database that a test holds back, or loses: a process that stands still, or a database that is away. */
import { useSupabase, type SupabaseAddress } from '#server/database/clients'

export interface HeldCalls {
  /** Calls that wait now. */
  waiting: () => number
  /** Lets them go, and all that come later. */
  open: () => void
}

const isCallOf = (name: string, input: string | URL | Request) => new URL(input instanceof Request ? input.url : input).pathname.endsWith(`/rpc/${name}`)

/** The next calls of this database function do not arrive. @returns the bodies of all that were made, lost or not */
export function loseCalls(address: SupabaseAddress, name: string, times: number): unknown[] {
  const pass = address.fetch ?? fetch
  const bodies: unknown[] = []
  useSupabase({
    ...address,
    fetch: async (input, init) => {
      if (!isCallOf(name, input)) return pass(input, init)
      if (bodies.push(init?.body) <= times) throw new TypeError('fetch failed')
      return pass(input, init)
    },
  })
  return bodies
}

/** The next calls of this database function are ended by Postgres in favour of another. @returns how many were */
export function endCalls(address: SupabaseAddress, name: string, times: number): () => number {
  const pass = address.fetch ?? fetch
  let ended = 0
  useSupabase({
    ...address,
    fetch: async (input, init) => {
      if (!isCallOf(name, input) || ended === times) return pass(input, init)
      ended++
      return Response.json({ code: '40P01', message: 'deadlock detected', details: null, hint: null }, { status: 500 })
    },
  })
  return () => ended
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
      if (isCallOf(name, input)) {
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
