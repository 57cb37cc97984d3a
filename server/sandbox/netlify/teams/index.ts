import { brightwater } from './brightwater'
import { harborline } from './harborline'
import type { SandboxTeam } from './team'

export { describeSite, describeTeam } from './describe'
export type { SandboxSite, SandboxTeam } from './team'

/** The teams of the fictional person. */
export const teams: readonly SandboxTeam[] = [brightwater, harborline]
