/** The wire shapes of the Management API, so that a project reads as what is particular to it. */
import type { JsonValue } from '../../store'
import { daysAgo } from './project'

type Lint = { name: string, title: string, level: 'ERROR' | 'WARN' | 'INFO', type: string, object: string }

export function advisors(lints: readonly Lint[]): JsonValue {
  return { lints: lints.map(lint) }
}

function lint({ name, title, level, type, object }: Lint): JsonValue {
  return {
    name,
    title,
    level,
    facing: 'EXTERNAL',
    categories: ['SECURITY'],
    description: title,
    detail: `public.${object}: ${title}`,
    remediation: 'https://supabase.com/docs/guides/database/database-advisors',
    metadata: { schema: 'public', name: object, type },
    cache_key: `${name}_public_${object}`,
  }
}

/** Carries a JWT secret, as the real answer may: whoever reads it must leave it behind. */
export function postgrest(dbSchema: string, maxRows: number): JsonValue {
  return {
    db_schema: dbSchema,
    max_rows: maxRows,
    db_extra_search_path: 'public, extensions',
    db_pool: null,
    db_pool_acquisition_timeout: null,
    db_pool_max_lifetime: null,
    db_pool_max_idletime: null,
    jwt_secret: 'sandbox-jwt-secret-that-nobody-may-keep',
  }
}

export function signingKeys(now: number, inUse: 'ES256' | 'HS256'): JsonValue {
  const key = (id: number, algorithm: string, status: string) => ({
    id: `00000000-0000-4000-8000-00000000010${id}`,
    algorithm,
    status,
    public_jwk: null,
    created_at: daysAgo(now, 90),
    updated_at: daysAgo(now, 30),
  })
  return { keys: inUse === 'ES256' ? [key(1, 'ES256', 'in_use'), key(2, 'HS256', 'previously_used')] : [key(3, 'HS256', 'in_use')] }
}

export function edgeFunction(now: number, slug: string, verifyJwt: boolean): JsonValue {
  return {
    id: `00000000-0000-4000-8000-${Buffer.from(slug).toString('hex').padEnd(12, '0').slice(0, 12)}`,
    slug,
    name: slug,
    status: 'ACTIVE',
    version: 4,
    created_at: Date.parse(daysAgo(now, 60)),
    updated_at: Date.parse(daysAgo(now, 12)),
    verify_jwt: verifyJwt,
  }
}

export function bucket(now: number, name: string, isPublic: boolean): JsonValue {
  return { id: name, name, owner: '', created_at: daysAgo(now, 60), updated_at: daysAgo(now, 60), public: isPublic }
}

export function network(v4: string[], v6: string[]): JsonValue {
  return { entitlement: 'allowed', config: { dbAllowedCidrs: v4, dbAllowedCidrsV6: v6 }, status: 'applied' }
}

/** One backup for each age in days, with the status it ended in. */
export function backups(now: number, region: string, runs: readonly (readonly [days: number, status: string])[]): JsonValue {
  return {
    region,
    walg_enabled: true,
    pitr_enabled: false,
    backups: runs.map(([days, status], index) => ({ id: 1000 + index, is_physical_backup: true, status, inserted_at: daysAgo(now, days) })),
    physical_backup_data: {},
  }
}

export function upgrade(current: string, latest: string): JsonValue {
  return {
    eligible: current !== latest,
    current_app_version: current,
    current_app_version_release_channel: 'ga',
    latest_app_version: latest,
    target_upgrade_versions: current === latest ? [] : [{ postgres_version: '17', release_channel: 'ga', app_version: latest }],
    duration_estimate_hours: 1,
    legacy_auth_custom_roles: [],
    objects_to_be_dropped: [],
    unsupported_extensions: [],
    user_defined_objects_in_internal_schemas: [],
    validation_errors: [],
    warnings: [],
  }
}
