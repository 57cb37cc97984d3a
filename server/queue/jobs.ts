import { z } from 'zod'

/** The job types: name, and what a payload may hold. Ids and names only: a payload is stored, and seen by whoever reads the queue. */
export const jobs = {
  'scan.run': z.strictObject({ assessment_id: z.uuid() }),
  'alert.deliver': z.strictObject({ change_id: z.uuid() }),
  'webhook.apply': z.strictObject({ provider: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), sandbox: z.boolean() }),
} as const

export type JobName = keyof typeof jobs
export type JobPayload<N extends JobName> = z.infer<(typeof jobs)[N]>
