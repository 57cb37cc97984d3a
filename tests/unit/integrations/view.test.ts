import { describe, expect, it } from 'vitest'
import { viewIntegration } from '#server/integrations/view'

const row = {
  id: 'i', organization_id: 'o', integration_type: 'supabase', name: 'Supabase', config_metadata: {}, status: 'active', scan_schedule: '0 6 * * *', last_checked_at: null,
  next_check_at: null, created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', external_account_id: 'a', external_account_name: 'Acme', sandbox: false, last_error: null,
  last_success_at: null, connected_by: null, scan_new_resources: true, health_state: 'unknown', health_reason: 'not_used_yet', health_since: '2026-01-01T00:00:00Z',
}

describe('viewIntegration', () => {
  it('fills in what the metadata leaves out', () => {
    expect(viewIntegration(row).config).toEqual({ project_id: null, project_name: null, expires_at: null, scopes_requested: null, scopes_granted: null, enabled_checks: [] })
  })

  it('shows of the metadata what is on the list, whatever else is in it', () => {
    const view = viewIntegration({ ...row, config_metadata: { project_id: 'p', enabled_checks: ['rls'], access_token: 'cipher', refresh_token: 'cipher', note: 'x' } })
    expect(view.config).toMatchObject({ project_id: 'p', enabled_checks: ['rls'] })
    expect(JSON.stringify(view)).not.toMatch(/cipher|note/)
  })

  it('says the schedule in words, and the health in a sentence', () => {
    expect(viewIntegration(row)).toMatchObject({ schedule_text: 'At 06:00, every day UTC', health: { state: 'unknown', reason: 'not_used_yet', next_action: 'wait', since: '2026-01-01T00:00:00Z' } })
    expect(Object.keys(viewIntegration(row)).filter(key => key.startsWith('health'))).toEqual(['health'])
  })

  it.each([{ class: 'passing' }, 'text', 7, []])('takes a last error of another shape (%j) for none', (last_error) => {
    expect(viewIntegration({ ...row, last_error }).last_error).toBeNull()
  })
})
