/** Two processes that use one expired credential a hundred times at once, round after round. */
import type { Rooms } from './rooms.ts'
import type { RotatingProvider } from './rotating-provider.ts'
import type { RoomsProcess } from './rooms-process.ts'

const USES = 50

export interface Rounds {
  rounds: number
  /** Rounds that were not what they must be: one redeem, one token for all, the one that the provider takes. */
  faults: string[]
  reused: number
}

/** @param id an integration of `mirror` */
export async function runRounds(rooms: Pick<Rooms, 'sql'>, provider: RotatingProvider, processes: RoomsProcess[], id: string, rounds: number): Promise<Rounds> {
  const faults: string[] = []
  for (let round = 0; round < rounds; round++) {
    await rooms.sql(`update public.integrations set config = jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"') where id = $1`, [id])
    provider.tokenCalls.splice(0)
    const got = await Promise.all(processes.map(one => one.tell({ do: 'use', id, times: USES }).catch(String)))
    const calls = provider.tokenCalls.map(call => call.status)
    const current = provider.current(provider.tokenCalls[0]?.refreshToken ?? '').accessToken
    if (calls.length !== 1 || got.some(tokens => JSON.stringify(tokens) !== JSON.stringify([current]))) {
      faults.push(`round ${round}: ${calls.length} redeems (${calls.join(', ')}), ${got.map(tokens => Array.isArray(tokens) ? `${tokens.length} tokens` : String(tokens)).join(' and ')}`)
    }
  }
  return { rounds, faults, reused: provider.reused() }
}
