/** Who signs in to Netlify itself. */
import type { z } from 'zod'
import type { members } from './endpoints'

export type Member = z.infer<typeof members.schema>[number]

/** Git contributors build from a repository and have no login (https://docs.netlify.com/security/secure-netlify-access/enforce-2fa/). */
export function hasLogin(member: Member): boolean {
  return !/^git[ _-]?contributor$/i.test(member.role ?? '')
}

/** `Ines Okafor (Owner)`. */
export function describeMember({ full_name: name, role }: Member): string {
  return `${name || 'unnamed'} (${role || 'no role stated'})`
}

/** A date or a time; undefined for anything else. */
export function timeOf(value: string | null | undefined): number | undefined {
  const time = /^\d{4}-\d{2}-\d{2}/.test(value ?? '') ? Date.parse(value ?? '') : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
