import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'

/** Healthy rows whose last success is too old become `unknown`. @returns how many */
export async function markUnverified(): Promise<number> {
  return unwrap(await serviceClient().rpc('mark_unverified'))
}
