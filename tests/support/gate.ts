/** A provider that takes its time: calls wait at the gate until the test opens it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Respond } from './faults.ts'

export interface Gate {
  /** For `provider.fail({ kind: gate.respond, ... })`. */
  respond: Respond
  /** Calls that wait now. */
  waiting: () => number
  /** Lets them go, and all that come later. */
  open: () => void
}

export function newGate(): Gate {
  let waiting = 0
  let open = () => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  return {
    respond: async (_request, pass) => {
      waiting += 1
      await opened
      waiting -= 1
      return pass()
    },
    waiting: () => waiting,
    open,
  }
}

/** Every call takes this long, then is answered as always. */
export function slowly(milliseconds: number): Respond {
  return async (_request, pass) => {
    await delay(milliseconds)
    return pass()
  }
}
