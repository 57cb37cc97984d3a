/** What an organization's plan offers, with whatever was agreed on beside it: a plan's name does not say that. */
import type { z } from 'zod'
import type { entitlements } from './endpoints'

type Answer = z.infer<typeof entitlements.schema>

/** @param keys of one feature, which may have several; undefined: the answer says nothing of any */
export function isEntitled(answer: Answer, keys: readonly string[]): boolean | undefined {
  const said = answer.entitlements?.filter(one => keys.includes(one.feature?.key ?? '')).map(one => one.hasAccess) ?? []
  if (said.includes(true)) return true
  return said.length > 0 && said.every(access => access === false) ? false : undefined
}
