/**
 * The faults that are switched on at one provider. They last until they are switched off or their calls are used up, also over
 * a restart where the sandbox keeps files.
 */
import { z } from 'zod'
import type { CallKind } from '../stand-in'
import type { SandboxStore } from '../store'

/** In the order in which they are looked at: the first that covers a call answers it, after those that only delay or deny. */
export const faultKinds = ['slow', 'denied', 'rate_limited', 'server_error', 'html', 'empty', 'wrong_shape', 'huge', 'endless'] as const
export type FaultKind = typeof faultKinds[number]

/** `all`: token endpoint and API. Pages for people are never broken. */
export const places = ['all', 'token', 'api'] as const

/** What the number beside a fault means, and the most that it may be. */
export const amounts = {
  slow: { unit: 'milliseconds', usual: 3_000, most: 600_000 },
  rate_limited: { unit: 'seconds', usual: 30, most: 86_400 },
} as const

const mostCalls = 1_000_000

const faultSchema = z.object({
  kind: z.enum(faultKinds),
  where: z.enum(places),
  /** Left; null: until it is switched off. */
  calls: z.number().int().min(1).max(mostCalls).nullable(),
  /** See `amounts`; 0 where it means nothing. */
  amount: z.number().int().min(0).max(amounts.slow.most),
})
export type Fault = z.infer<typeof faultSchema>

/** As a form or a script asks for one. */
export const askedFaultSchema = z.strictObject({
  kind: z.enum(faultKinds),
  where: z.enum(places).default('all'),
  calls: z.coerce.number().int().min(1).max(mostCalls).nullable().default(null),
  amount: z.coerce.number().int().min(0).max(amounts.slow.most).nullable().default(null),
})

const stateSchema = z.object({ version: z.literal(1), faults: z.array(faultSchema) })

export type Faults = ReturnType<typeof openFaults>

/** @throws Error when the stored state is damaged */
export function openFaults(provider: string, store: SandboxStore) {
  const stored = stateSchema.safeParse(store.load() ?? { version: 1, faults: [] })
  if (!stored.success) throw new Error(`The ${provider} sandbox's stored faults are damaged: delete its faults.json to start afresh.`, { cause: stored.error })
  let { faults } = stored.data

  function keep(next: Fault[]): void {
    faults = next
    store.save({ version: 1, faults })
  }

  return {
    list: (): readonly Fault[] => faults,

    /** One of a kind: another one takes its place. */
    switchOn({ kind, where, calls, amount }: z.infer<typeof askedFaultSchema>): void {
      const meaning = kind === 'slow' || kind === 'rate_limited' ? amounts[kind] : { usual: 0, most: 0 }
      const fault = { kind, where, calls, amount: Math.min(amount ?? meaning.usual, meaning.most) }
      keep(faultKinds.flatMap(one => one === kind ? [fault] : faults.filter(other => other.kind === one)))
    },

    /** @param kind absent: all of them */
    switchOff(kind?: FaultKind): void {
      keep(kind === undefined ? [] : faults.filter(fault => fault.kind !== kind))
    },

    /** What a call meets: one delay or denial at most, and one answer. Each of them has one call less from then on. */
    meet(call: CallKind): Fault[] {
      const covering = faults.filter(({ kind, where }) => kind === 'denied' ? call === 'page' : call !== 'page' && (where === 'all' || where === call))
      const answering = covering.find(({ kind }) => kind !== 'slow' && kind !== 'denied')
      const met = covering.filter(fault => fault === answering || fault.kind === 'slow' || fault.kind === 'denied')
      if (met.some(fault => fault.calls !== null)) {
        keep(faults.flatMap((fault) => {
          if (fault.calls === null || !met.includes(fault)) return [fault]
          return fault.calls > 1 ? [{ ...fault, calls: fault.calls - 1 }] : []
        }))
      }
      return met
    },
  }
}
