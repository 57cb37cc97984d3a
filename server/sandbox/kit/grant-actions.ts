/** What happens to a grant without the application being told. */
import type { GrantAction } from '../stand-in'
import type { Grants } from './grants'

export function silently(id: string, label: string, done: () => void): GrantAction {
  return {
    id, label,
    run: () => {
      done()
      return null
    },
  }
}

/** Its access tokens are over, and it can be renewed. */
export const expire = (grants: Grants, grantId: string) => silently('expire', 'Expire its access tokens', () => grants.expire(grantId))

export const revoke = (grants: Grants, grantId: string) => silently('revoke', 'Revoke the grant', () => grants.end(grantId))
