import { production } from './production'
import type { SandboxProject } from './project'
import { staging } from './staging'

/** The projects of the fictional organization. */
export const projects: readonly SandboxProject[] = [production, staging]
