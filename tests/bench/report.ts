/** What a measurement says: collected by `npm run bench` into a table and a JSON file. */
import { appendFileSync } from 'node:fs'
import process from 'node:process'

export interface Measurement {
  name: string
  /** What is held against the target, in `unit`. */
  value: number
  unit: string
  target: { atLeast: number } | { atMost: number }
  /** The readings it was made of. */
  detail: Record<string, number | string>
}

export function report(measurement: Measurement): void {
  const file = process.env.BENCH_RESULTS
  if (file) appendFileSync(file, `${JSON.stringify(measurement)}\n`)
}

export function met({ value, target }: Measurement): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/**
 * Times two things by turns, so that whatever else the machine does meets both.
 * @returns the median of each, in ms
 */
export async function byTurns(rounds: number, first: () => unknown, second: () => unknown): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []]
  for (let round = -Math.ceil(rounds / 10); round < rounds; round++) {
    for (const [index, run] of [first, second].entries()) {
      const began = performance.now()
      await run()
      // The first rounds warm up.
      if (round >= 0) times[index === 0 ? 0 : 1].push(performance.now() - began)
    }
  }
  return [median(times[0]), median(times[1])]
}
