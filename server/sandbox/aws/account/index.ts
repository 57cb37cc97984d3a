import { playground } from './playground'
import { production } from './production'

export { daysAgo, emptyRegion, type SandboxAccount } from './account'

export const accounts = [production, playground] as const
