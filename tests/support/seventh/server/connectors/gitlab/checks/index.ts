import { branchProtected } from './branch-protected'
import { jobTokenLimited } from './job-token-limited'
import { mergeWaitsForPipeline } from './merge-waits-for-pipeline'

export const checks = [branchProtected, jobTokenLimited, mergeWaitsForPipeline]
