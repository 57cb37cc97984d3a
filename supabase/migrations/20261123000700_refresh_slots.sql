-- What the first version of the engine lacked.
--
-- Several processes that lease at once: each passes by the rows that another is taking, instead of waiting for its locks only
-- to find them gone. And types share the lanes by what each has under way already, so that one that hangs can't fill them
-- one by one.
--
-- Several slots in one grant: each fails for itself. What is wrong with one stays written until that one is well, and a
-- slot that is to be looked at later does not hold up the others, so a failure names which is due next.

-- Takes what is due, for the caller: of each type the longest due first, those that failed lately after those that did not,
-- and types in turn, so that one provider's trouble leaves room for the others. p_running: what the caller has under way of
-- each type, which counts as turns that it has had.
drop function public.lease_due_refreshes(text, integer, integer, text[], timestamptz);
create function public.lease_due_refreshes(
  p_owner text, p_limit integer, p_seconds integer, p_types text[], p_running integer[], p_now timestamptz
) returns setof jsonb
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
  v public.integrations;
begin
  for v_id in
    select c.id from unnest(p_types, p_running) as t (type, running) cross join (values (false), (true)) as f (failing)
    cross join lateral (
      select d.id, d.refresh_due_at, t.running + row_number() over (order by d.refresh_due_at) as turn from (
        select i.id, i.refresh_due_at from public.integrations i
        where i.integration_type = t.type and (i.refresh_failures > 0) = f.failing and i.refresh_due_at <= p_now
          and (i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
        order by i.refresh_due_at limit p_limit for update skip locked) d) c
    order by c.turn, f.failing, c.refresh_due_at limit p_limit
  loop
    update public.integrations i set refresh_lease_owner = p_owner,
        refresh_lease_until = clock_timestamp() + make_interval(secs => p_seconds)
      where i.id = v_id and (i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
      returning * into v;
    if v.id is not null then
      return next private.journal_refresh(v, p_owner, v.refresh_slot);
    end if;
  end loop;
end $$;
revoke all on function public.lease_due_refreshes(text, integer, integer, text[], integer[], timestamptz)
  from public, anon, authenticated, service_role;
grant execute on function public.lease_due_refreshes(text, integer, integer, text[], integer[], timestamptz) to service_role;

-- The answer, encrypted for version p_version + 1, in place of the old credentials. stored; superseded: the row is a newer
-- grant's, or gone; key_gone: encrypted with a key that the organization has no more. Asked twice, it says the same.
create or replace function public.finish_refresh(
  p_id uuid, p_owner text, p_journal_id uuid, p_version bigint, p_config jsonb, p_refresh_due_at timestamptz,
  p_refresh_slot text, p_audit jsonb
) returns text
language plpgsql set search_path = '' as $$
declare
  v_organization uuid;
begin
  if exists (select 1 from public.refresh_journal where id = p_journal_id and state in ('stored')) then
    return 'stored';
  end if;
  select organization_id into v_organization from public.integrations where id = p_id;
  if v_organization is not null then
    perform 1 from public.organization_keys k where k.organization_id = v_organization
      and k.key_id = substring(p_config ->> 'access_token' from '^([0-9a-f]{8}):') for key share;
    if not found then
      return 'key_gone';
    end if;
  end if;
  -- A lease that ran out meanwhile is no reason to drop a good answer; only the version decides.
  update public.integrations i set config = i.config || p_config, version = i.version + 1, refresh_due_at = p_refresh_due_at,
      refresh_slot = p_refresh_slot, refresh_failures = 0, last_success_at = now(),
      last_error = case when coalesce(i.last_error ->> 'slot', 'main') = (select j.slot from public.refresh_journal j where j.id = p_journal_id)
        then null else i.last_error end,
      status = case when i.status = 'error' then 'active' else i.status end,
      refresh_lease_owner = case when i.refresh_lease_owner = p_owner then null else i.refresh_lease_owner end,
      refresh_lease_until = case when i.refresh_lease_owner = p_owner then null else i.refresh_lease_until end
    where i.id = p_id and i.version = p_version;
  if not found then
    update public.refresh_journal set state = 'superseded', ended_at = clock_timestamp() where id = p_journal_id;
    return 'superseded';
  end if;
  update public.refresh_journal set state = 'stored', ended_at = clock_timestamp() where id = p_journal_id;
  perform private.write_audit(v_organization, p_audit);
  return 'stored';
end $$;

drop function public.fail_refresh(uuid, text, uuid, bigint, jsonb, boolean, boolean, timestamptz, jsonb);
-- A refresh that brought nothing: the lease goes back; only a dead grant (p_dead) ends the connection. False: the row is
-- another version's or another holder's by now, and stays as it is.
create function public.fail_refresh(
  p_id uuid, p_owner text, p_journal_id uuid, p_version bigint, p_error jsonb, p_dead boolean, p_maybe_spent boolean,
  p_refresh_due_at timestamptz, p_refresh_slot text, p_audit jsonb
) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_organization uuid;
begin
  update public.refresh_journal set state = 'failed', failure = p_error - 'message' - 'at', maybe_spent = p_maybe_spent,
      ended_at = clock_timestamp()
    where id = p_journal_id and state = 'sent';
  update public.integrations i set last_error = p_error, refresh_due_at = p_refresh_due_at, refresh_slot = p_refresh_slot,
      refresh_failures = i.refresh_failures + 1, refresh_lease_owner = null, refresh_lease_until = null,
      status = case when p_dead and i.status = 'active' then 'error' else i.status end
    where i.id = p_id and i.version = p_version and i.refresh_lease_owner = p_owner
    returning i.organization_id into v_organization;
  if v_organization is null then
    return false;
  end if;
  perform private.write_audit(v_organization, p_audit);
  return true;
end $$;
revoke all on function public.fail_refresh(uuid, text, uuid, bigint, jsonb, boolean, boolean, timestamptz, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.fail_refresh(uuid, text, uuid, bigint, jsonb, boolean, boolean, timestamptz, text, jsonb) to service_role;

-- What a probe of a token that never expires brought, and which slot is due next. p_error null: what stands there stays.
drop function public.note_probe(uuid, bigint, jsonb, boolean, timestamptz);
create function public.note_probe(
  p_id uuid, p_version bigint, p_error jsonb, p_failed boolean, p_refresh_due_at timestamptz, p_refresh_slot text
) returns void
language sql set search_path = '' as $$
  update public.integrations i set refresh_due_at = p_refresh_due_at, refresh_slot = p_refresh_slot,
      last_error = coalesce(p_error, i.last_error),
      refresh_failures = case when p_failed then i.refresh_failures + 1 else 0 end
    where i.id = p_id and i.version = p_version
$$;
revoke all on function public.note_probe(uuid, bigint, jsonb, boolean, timestamptz, text) from public, anon, authenticated, service_role;
grant execute on function public.note_probe(uuid, bigint, jsonb, boolean, timestamptz, text) to service_role;

-- The same as before in one piece: each function called costs a change of search_path, at every use of a credential.
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
        'refresh_failures', i.refresh_failures, 'refresh_slot', i.refresh_slot, 'keys', coalesce((
          select jsonb_agg(jsonb_build_object('key_id', k.key_id, 'wrapped', k.wrapped, 'retired', k.retired_at is not null)
            order by k.retired_at desc nulls first)
          from public.organization_keys k where k.organization_id = i.organization_id), '[]'))
    into v_organization_id, v_audited, v_row from public.integrations i where i.id = p_id;
  if v_row is null then
    return null;
  end if;
  if v_audited then
    insert into public.audit_log (organization_id, actor_type, actor_id, actor_email, action, target_type, target_id, detail, ip,
        user_agent, request_id)
      values (v_organization_id, p_audit ->> 'actor_type', (p_audit ->> 'actor_id')::uuid, p_audit ->> 'actor_email',
        p_audit ->> 'action', p_audit ->> 'target_type', p_audit ->> 'target_id', coalesce(p_audit -> 'detail', '{}'),
        p_audit ->> 'ip', p_audit ->> 'user_agent', p_audit ->> 'request_id');
  end if;
  return v_row || jsonb_build_object('audited', v_audited);
end $$;
