import type { JsonValue } from '../../store'
import { organization } from '../organization'
import { daysAgo, type SandboxProject } from './project'

/** The entry of `GET /v1/projects`, and the answer of `GET /v1/projects/{ref}`. */
export function projectDescription(project: SandboxProject, now: number): JsonValue {
  return {
    id: project.ref,
    ref: project.ref,
    organization_id: organization.slug,
    organization_slug: organization.slug,
    name: project.name,
    region: project.region,
    created_at: daysAgo(now, project.ageInDays),
    status: 'ACTIVE_HEALTHY',
    database: {
      host: `db.${project.ref}.supabase.co`,
      version: project.postgres.version,
      postgres_engine: project.postgres.major,
      release_channel: 'ga',
    },
  }
}
