-- Whose account it is stands in the row as the credential room reads it: tokens that are left over are ended only where nothing
-- else rests on that account.

create or replace function private.credential_row(v public.integrations) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('id', v.id, 'organization_id', v.organization_id, 'integration_type', v.integration_type,
    'config', v.config, 'version', v.version, 'status', v.status, 'sandbox', v.sandbox, 'last_error', v.last_error,
    'refresh_failures', v.refresh_failures, 'refresh_slot', v.refresh_slot, 'external_account_id', v.external_account_id,
    'keys', public.organization_wraps(v.organization_id))
$$;

-- The same in one piece, with the audit entry of the use.
create or replace function public.take_credential(p_id uuid, p_audit jsonb default null, p_fresh_until timestamptz default null)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row jsonb;
  v_organization_id uuid;
  v_audited boolean;
begin
  select i.organization_id, p_audit is not null and (p_fresh_until is null or i.config ->> 'expires_at' is null
        or (i.config ->> 'expires_at')::timestamptz >= p_fresh_until),
      jsonb_build_object('id', i.id, 'organization_id', i.organization_id, 'integration_type', i.integration_type,
        'config', i.config, 'version', i.version, 'status', i.status, 'sandbox', i.sandbox, 'last_error', i.last_error,
        'refresh_failures', i.refresh_failures, 'refresh_slot', i.refresh_slot, 'external_account_id', i.external_account_id,
        'keys', coalesce((
          select jsonb_agg(jsonb_build_object('key_id', k.key_id, 'wrapped', k.wrapped, 'retired', k.retired_at is not null)
            order by k.retired_at desc nulls first)
          from public.organization_keys k where k.organization_id = i.organization_id), '[]'))
    into v_organization_id, v_audited, v_row from public.integrations i where i.id = p_id;
  if v_row is null then
    return null;
  end if;
  if v_audited then
    begin
      insert into public.audit_log (organization_id, actor_type, actor_id, actor_email, action, target_type, target_id, detail, ip,
          user_agent, request_id)
        values (v_organization_id, p_audit ->> 'actor_type', (p_audit ->> 'actor_id')::uuid, p_audit ->> 'actor_email',
          p_audit ->> 'action', p_audit ->> 'target_type', p_audit ->> 'target_id', coalesce(p_audit -> 'detail', '{}'),
          p_audit ->> 'ip', p_audit ->> 'user_agent', p_audit ->> 'request_id');
    exception when others then
      raise exception 'audit_unavailable' using errcode = 'P0001', detail = sqlstate || ': ' || sqlerrm;
    end;
  end if;
  return v_row || jsonb_build_object('audited', v_audited);
end $$;
