/** What can be asked of a provider's rehearsal, by form or as JSON. */
import { z } from 'zod'
import type { Rehearsal, SignedDelivery } from '../stand-in'
import { askedFaultSchema, faultKinds, type Faults } from './faults'

/** An empty field of a form is none. */
const emptyIsNone = (fields: unknown) => typeof fields === 'object' && fields !== null
  ? Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
  : fields

export const commandSchema = z.preprocess(emptyIsNone, z.discriminatedUnion('do', [
  askedFaultSchema.extend({ do: z.literal('switch_on') }),
  z.strictObject({ do: z.literal('switch_off'), kind: z.enum(faultKinds).optional() }),
  z.strictObject({ do: z.literal('act'), grant: z.string().min(1).max(2_048), action: z.string().min(1).max(100) }),
  z.strictObject({ do: z.literal('reset') }),
]))
export type Command = z.infer<typeof commandSchema>

/** What came of it. `told`: the application's answer to a delivery; null: it could not be reached. */
export type Outcome = { done: 'switched' | 'acted' | 'reset' | 'gone' } | { done: 'told', status: number | null }

export interface Rehearsed {
  rehearsal: Rehearsal
  faults: Faults
  /** To the application's address for this provider. */
  tell: (delivery: SignedDelivery) => Promise<number | null>
}

export async function carryOut(command: Command, { rehearsal, faults, tell }: Rehearsed): Promise<Outcome> {
  switch (command.do) {
    case 'switch_on': {
      const { do: _, ...asked } = command
      faults.switchOn(asked)
      return { done: 'switched' }
    }
    case 'switch_off':
      faults.switchOff(command.kind)
      return { done: 'switched' }
    case 'reset':
      faults.switchOff()
      rehearsal.endGrants()
      return { done: 'reset' }
    case 'act': {
      const grant = rehearsal.grants().find(one => one.id === command.grant)
      const action = grant?.actions.find(one => one.id === command.action)
      if (!action) return { done: 'gone' }
      const delivery = action.run()
      return delivery === null ? { done: 'acted' } : { done: 'told', status: await tell(delivery) }
    }
  }
}

/** @param fetch is told the application's own address only. @returns null when nobody answers */
export function teller(address: string, fetch: typeof globalThis.fetch): Rehearsed['tell'] {
  return async ({ headers, body }) => {
    try {
      const answer = await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body, redirect: 'manual', signal: AbortSignal.timeout(10_000) })
      await answer.body?.cancel()
      return answer.status
    }
    catch {
      return null
    }
  }
}
