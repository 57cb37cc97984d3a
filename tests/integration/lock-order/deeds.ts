/**
 * Everything that locks rows of several tables, or several rows of one, called as the product calls it; and where it stops when
 * somebody else has one of the rows. Rows that are picked, not named, it passes by.
 */
import { service, user, type Identity } from '../../support/database.ts'
import { ciphertext, newKeyId } from '../../support/organizations.ts'
import { due, kek, type Scene } from './scene.ts'

export interface Deed { sql: string, values: unknown[], stops: string[], as: Identity }

const json = (value: unknown) => JSON.stringify(value)
const later = '2031-01-01T00:00:00Z'
const entry = json({ actor_type: 'system', action: 'scan.completed', detail: {} })

/** By the function's name. */
export function deedsOf(scene: Scene): Record<string, Deed> {
  return { ...refreshes(scene), ...scans(scene), ...connections(scene), ...keysOf(scene), ...people(scene) }
}

const deed = (sql: string, values: unknown[], stops: string[], as = service): Deed => ({ sql, values, stops, as })

function refreshes({ first, second, journal }: Scene): Record<string, Deed> {
  const { integration: id } = second
  return {
    begin_refresh: deed(`public.begin_refresh($1, 'other', 90, 'main', 1::bigint, null)`, [id], ['second integration', 'lower key', 'journal']),
    lease_due_refreshes: deed(`public.lease_due_refreshes('other', 16, 90, '{supabase}', '{0}', now())`, [], ['lower key', 'higher key', 'journal']),
    send_refresh: deed(`public.send_refresh($1, 'me', $2, 1::bigint, 180)`, [id, journal], ['second integration', 'journal']),
    finish_refresh: deed(`public.finish_refresh($1, 'me', $2, 1::bigint, $3::text::jsonb, $4, 'main', $5::text::jsonb)`,
      [id, journal, json({ access_token: ciphertext(second.key) }), later, entry], ['second integration', 'lower key', 'journal', 'lower log']),
    fail_refresh: deed(`public.fail_refresh($1, 'me', $2, 1::bigint, '{"class": "passing", "code": "x"}', false, false, $3, 'main', $4::text::jsonb)`,
      [id, journal, later, entry], ['second integration', 'journal', 'lower log']),
    release_refresh: deed(`public.release_refresh($1, 'me', $2, null)`, [id, journal], ['second integration', 'journal']),
    settle_refreshes: deed('public.settle_refreshes(10)', [], ['journal']),
    note_refusal: deed(`public.note_refusal($1, 1::bigint, '{"class": "dead_grant", "code": "unauthorized", "call": "api"}', $2::text::jsonb)`, [id, entry], ['second integration', 'lower log']),
    store_rotated_credentials: deed('public.store_rotated_credentials($1::text::jsonb)',
      [json([second, first].map(({ integration }) => ({ id: integration, version: 1, config: {} })))], ['first integration', 'second integration']),
  }
}

function scans({ first, second, assessment, resource }: Scene): Record<string, Deed> {
  const resources = json([{ kind: 'project', external_id: 'new', name: 'New' }])
  const results = json([{ resource_id: resource, check_id: 'other', verdict: 'pass', severity: 'high', category: 'rls', summary: 'x', checked_at: due }])
  return {
    claim_due_integrations: deed('public.claim_due_integrations($1::text::jsonb)',
      [json([second, first].map(({ integration }) => ({ id: integration, seen: due, next: later })))], ['first integration', 'second integration']),
    claim_webhook_scans: deed('public.claim_webhook_scans(10)', [], []),
    store_listed: deed(`public.store_listed($1, 'w', $2::text::jsonb, 30)`, [assessment, resources], ['assessment', 'first integration']),
    end_listing: deed(`public.end_listing($1, 'w', '{}')`, [assessment], ['assessment', 'first integration', 'resource', 'finding']),
    store_results: deed(`public.store_results($1, 'w', $2::text::jsonb, $3, 1, 1, 30)`, [assessment, results, resource], ['assessment', 'resource']),
    complete_assessment: deed(`public.complete_assessment($1, 'w', $2::text::jsonb)`, [assessment, entry], ['assessment', 'first integration', 'finding', 'higher log']),
    fail_assessment: deed(`public.fail_assessment($1, 'w', '{"code": "x"}', $2::text::jsonb)`, [assessment, entry], ['assessment', 'first integration', 'result', 'higher log']),
    record_signals: deed('public.record_signals($1, $2, $3::text::jsonb)', [first.integration, first.organization,
      json([{ resource_id: resource, seen_at: due, every_kind: ['backend', 'new'], kinds: ['backend', 'new'].map(kind => ({ kind, facts: [] })) }])], ['first integration', 'resource', 'signal']),
  }
}

function connections({ first, second, pending }: Scene): Record<string, Deed> {
  const { integration: id, organization: organization_id, account: external_account_id } = first
  const connection = json({
    id, organization_id, integration_type: 'supabase', name: 'n', config: { access_token: ciphertext() }, scan_schedule: '0 6 * * *', next_check_at: later,
    external_account_id, external_account_name: 'A', sandbox: false, refresh_due_at: later, refresh_slot: 'main', connected_by: null,
  })
  const stored = ['first integration', 'resource', 'finding']
  // Of the kind that is there: else nothing of it is taken for gone.
  const resources = json([{ kind: 'project', external_id: 'new', name: 'New' }])
  return {
    apply_deliveries: deed(`public.apply_deliveries('supabase', false, '{}', 100)`, [],
      ['lower organization', 'higher organization', 'first integration', 'second integration', 'lower log', 'higher log']),
    sync_resources: deed(`public.sync_resources($1, $2, $3::text::jsonb)`, [id, organization_id, resources], stored),
    store_connection: deed(`public.store_connection($1::text::jsonb, $3::text::jsonb, $2::text::jsonb, now(), 1::bigint)`, [connection, entry, resources], [...stored, 'higher log']),
    store_pending_connection: deed(`public.store_pending_connection($3, $1::text::jsonb, $4::text::jsonb, $2::text::jsonb, now(), 1::bigint)`, [connection, entry, pending, resources],
      ['pending connection', ...stored, 'higher log']),
    remove_integration: deed(`public.remove_integration($1, $2, $3, 1::bigint, false, '{}', $4::text::jsonb)`, [id, organization_id, first.owner, entry],
      ['assessment', 'first integration', 'resource', 'finding', 'result', 'signal', 'higher log']),
    change_integration: deed(`public.change_integration($1, $2, 'New name')`, [second.integration, second.organization], ['second integration', 'lower log'], user(second.owner)),
  }
}

function keysOf({ first, second, retiredKey }: Scene): Record<string, Deed> {
  const fresh = () => ({ key_id: newKeyId(), wrapped: ciphertext(), kek_id: kek })
  const sides = [first, second]
  const organizations = ['lower organization', 'higher organization']
  const keys = ['lower key', 'higher key']
  const logs = ['lower log', 'higher log']
  return {
    add_organization_key: deed('public.add_organization_key($1, $2, $3, $4, $5)', [second.organization, ...Object.values(fresh()), second.key],
      ['lower organization', 'lower key', 'key encryption key', 'lower log']),
    add_organization_keys: deed('public.add_organization_keys($1::text::jsonb)',
      [json(sides.map(({ organization, key }) => ({ organization_id: organization, ...fresh(), replaces: key })))], [...organizations, ...keys, 'key encryption key', ...logs]),
    drop_empty_keys: deed('public.drop_empty_keys()', [], ['lower organization', 'retired key', 'lower log']),
    credentials_to_rotate: deed('public.credentials_to_rotate(null, 200)', [], [...keys, ...logs]),
    store_wraps: deed(`public.store_wraps((select jsonb_agg(jsonb_build_object('organization_id', organization_id, 'key_id', key_id, 'seen', wrapped, 'wrapped', wrapped))
        from public.organization_keys where key_id <> $2), $1)`, [kek, retiredKey], [...organizations, ...keys, 'key encryption key', ...logs]),
  }
}

function people({ first, second, resource }: Scene): Record<string, Deed> {
  const of = [first.integration, first.organization]
  return {
    request_scan: deed('public.request_scan($1, $2)', [second.integration, second.organization], ['second integration', 'lower log'], user(second.owner)),
    change_resource: deed('public.change_resource($3, $1, $2, false)', [...of, resource], ['resource', 'higher log'], user(first.owner)),
    change_resources: deed(`public.change_resources($1, $2, '{}', false)`, of, ['first integration', 'resource', 'higher log'], user(first.owner)),
  }
}
