/** Two organizations with people and a row in every table, written as superuser. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Run } from './database.ts'

export interface Seeded {
  id: string
  owner: string
  admin: string
  member: string
  integration: string
  resource: string
  assessment: string
}

export const newKeyId = () => randomBytes(4).toString('hex')

/** What `encryptConfig` makes, by its looks only. */
export const ciphertext = (keyId = newKeyId()) =>
  `${keyId}:${randomBytes(12).toString('base64url')}.${randomBytes(16).toString('base64url')}.${randomBytes(24).toString('base64url')}`

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

export async function newUser(run: Run, email = `${randomUUID()}@example.com`): Promise<string> {
  const id = randomUUID()
  await run('insert into auth.users (id, email) values ($1, $2)', [id, email])
  return id
}

export async function newIntegration(run: Run, organizationId: string, nextCheckAt: string | null = null): Promise<string> {
  const id = randomUUID()
  const config = { access_token: ciphertext(), refresh_token: ciphertext(), expires_at: '2030-01-01T00:00:00Z', project_id: 'ref', enabled_checks: ['rls'] }
  await run(`insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, next_check_at,
      external_account_id, external_account_name)
    values ($1, $2, 'supabase', 'Supabase', $3::text::jsonb, '0 6 * * *', $4::text::timestamptz, $5, 'Account')`,
  [id, organizationId, JSON.stringify(config), nextCheckAt, randomUUID()])
  return id
}

/** A data key of the organization's, by its looks only; the current one. @returns its id */
export async function newKey(run: Run, organizationId: string): Promise<string> {
  const id = newKeyId()
  await run('insert into public.organization_keys (organization_id, key_id, wrapped, kek_id) values ($1, $2, $3, $4)', [organizationId, id, ciphertext(), newKeyId()])
  return id
}

export async function newResource(run: Run, integrationId: string, organizationId: string): Promise<string> {
  const id = randomUUID()
  await run(`insert into public.integration_resources (id, integration_id, organization_id, kind, external_id, name)
    values ($1, $2, $3, 'project', $4, 'Project')`, [id, integrationId, organizationId, randomUUID()])
  return id
}

export async function newOrganization(run: Run): Promise<Pick<Seeded, 'id' | 'owner' | 'admin' | 'member'>> {
  const id = randomUUID()
  const [owner, admin, member] = [await newUser(run), await newUser(run), await newUser(run)]
  await run(`insert into public.organizations (id, name) values ($1, 'Acme')`, [id])
  await run(`insert into public.user_organizations (organization_id, user_id, role)
    values ($1, $2, 'owner'), ($1, $3, 'admin'), ($1, $4, 'member')`, [id, owner, admin, member])
  return { id, owner, admin, member }
}

/** With one row of it in every table. */
export async function seedOrganization(run: Run): Promise<Seeded> {
  const people = await newOrganization(run)
  const integration = await newIntegration(run, people.id)
  const resource = await newResource(run, integration, people.id)
  const assessment = randomUUID()
  const ids = [people.id, integration, resource, assessment]
  await run(`insert into public.assessments (organization_id, integration_id, id, trigger, status) values ($1, $2, $3, 'manual', 'completed')`, [people.id, integration, assessment])
  await run(`insert into public.integration_signals (resource_id, kind, organization_id, integration_id, seen_at) values ($3, 'backend', $1, $2, now())`, ids.slice(0, 3))
  await run(`insert into public.assessment_results (assessment_id, resource_id, check_id, organization_id, verdict, severity, category, summary, checked_at)
    values ($3, $2, 'rls_enabled', $1, 'fail', 'high', 'rls', 'x', now())`, [people.id, resource, assessment])
  await run(`insert into public.findings (organization_id, integration_id, resource_id, check_id, severity, category, summary, first_seen_at, last_seen_at)
    values ($1, $2, $3, 'rls_enabled', 'high', 'rls', 'x', now(), now())`, ids.slice(0, 3))
  await run(`insert into public.invitations (organization_id, email, role, token_hash) values ($1, 'new@example.com', 'member', $2)`, [people.id, sha256(randomUUID())])
  await run(`insert into public.api_keys (organization_id, name, key_hash) values ($1, 'CI', $2)`, [people.id, sha256(randomUUID())])
  await run(`insert into public.calendar_feeds (organization_id, created_by, token_hash) values ($1, $2, $3)`, [people.id, people.owner, sha256(randomUUID())])
  await run(`insert into public.audit_log (organization_id, actor_type, action) values ($1, 'system', 'scan.completed')`, [people.id])
  await run(`insert into public.pending_connections (organization_id, user_id, integration_type, wanted_integration_id, external_account_id, external_account_name, config)
    values ($1, $2, 'supabase', $3, 'other', 'Other', '{}')`, [people.id, people.owner, integration])
  await newKey(run, people.id)
  await run(`insert into public.refresh_journal (integration_id, organization_id, slot, version, owner, state) values ($2, $1, 'main', 1, 'x', 'stored')`, ids.slice(0, 2))
  await run('insert into public.key_encryption_keys (kek_id, encryptions) values ($1, 1)', [people.id])
  await run('insert into public.key_rotations (id, finished_at) values ($1, now())', [people.id])
  await run(`insert into public.installation_endings (integration_type, external_account_id, sandbox, ended_at) values ('supabase', $1, false, now())`, [people.id])
  await run('insert into public.used_oauth_states (state_hash) values ($1)', [sha256(people.id)])
  await run(`insert into public.signing_keys (kid, public_jwk, endorsement) values ($1, '{}', '{}')`, [sha256(people.id).slice(21)])
  await run(`insert into public.disconnect_receipts (organization_id, integration_id, integration_type, name, payload) values ($1, $2, 'supabase', 'x', '{}')`, [people.id, randomUUID()])
  const bucket = `bucket:${sha256(people.id).slice(32)}`
  await run('insert into public.rate_buckets (key, window_seconds, started_at, resets_at) values ($1, 60, now(), now())', [bucket])
  await run('insert into public.rate_shares (key, organization_id, window_number, wants_until) values ($1, $2, 1, now())', [bucket, people.id])
  await run(`insert into public.webhook_receipts (provider, delivery_id) values ('github', $1)`, [people.id])
  return { ...people, integration, resource, assessment }
}
