-- No entry, no deed: whatever changes something writes its audit entry in the same statement, and is undone when that can't be
-- written. Until here most entries were written by a second call, after the deed.
--
-- What a person does goes through functions from now on, since a bare insert, update or delete through the data API leaves no
-- entry. Who it was they know by themselves; where from (address, browser, request) is what the caller says: the application
-- says what it saw, and an entry whose request id the application never logged came past it.

-- As before, and one word for whatever went wrong (server/errors.ts): nothing was done.
create or replace function private.write_audit(p_organization_id uuid, p_entry jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.audit_log (organization_id, actor_type, actor_id, actor_email, action, target_type, target_id, detail, ip,
      user_agent, request_id)
    select p_organization_id, e.actor_type, e.actor_id, e.actor_email, e.action, e.target_type, e.target_id,
      coalesce(e.detail, '{}'), e.ip, e.user_agent, e.request_id
    from jsonb_to_record(coalesce(p_entry, '{}')) as e (actor_type text, actor_id uuid, actor_email text, action text, target_type text,
      target_id text, detail jsonb, ip text, user_agent text, request_id text);
exception when others then
  raise exception 'audit_unavailable' using errcode = 'P0001', detail = sqlstate || ': ' || sqlerrm;
end $$;

-- As before, with the same word.
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

-- The entry of what the signed-in person does. p_request: {ip, user_agent, request_id}, or null.
create function private.note_deed(p_organization_id uuid, p_action text, p_target_type text, p_target_id text, p_detail jsonb, p_request jsonb)
returns void
language sql set search_path = '' as $$
  select private.write_audit(p_organization_id, jsonb_build_object(
    'actor_type', 'user', 'actor_id', (select auth.uid()), 'actor_email', (select u.email from auth.users u where u.id = (select auth.uid())),
    'action', p_action, 'target_type', p_target_type, 'target_id', p_target_id, 'detail', p_detail,
    'ip', left(p_request ->> 'ip', 100), 'user_agent', left(p_request ->> 'user_agent', 300), 'request_id', left(p_request ->> 'request_id', 100)))
$$;
revoke all on function private.note_deed(uuid, text, text, text, jsonb, jsonb) from public, anon, authenticated, service_role;

-- Organizations and members -------------------------------------------------------------------------------------------

-- The product renames none.
drop policy "admins rename their organizations" on public.organizations;
revoke update (name) on table public.organizations from authenticated;

drop function public.create_organization(text);
drop function private.create_organization(text);
create function private.create_organization(p_name text, p_request jsonb) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_user uuid := (select auth.uid());
  v_id uuid;
begin
  if v_user is null then
    raise exception 'unauthorized' using errcode = 'P0001';
  end if;
  insert into public.organizations (name) values (btrim(p_name)) returning id into v_id;
  insert into public.user_organizations (user_id, organization_id, role) values (v_user, v_id, 'owner');
  perform private.note_deed(v_id, 'organization.created', null, null, '{}', p_request);
  return v_id;
end $$;

-- Changes (p_role given) or ends (null) a membership. Owners decide about owners; anybody may leave.
drop function public.change_member(uuid, uuid, text);
drop function private.change_member(uuid, uuid, text);
create function private.change_member(p_organization_id uuid, p_user_id uuid, p_role text, p_request jsonb) returns text
language plpgsql security definer set search_path = '' as $$
declare
  v_mine text := (select private.my_role(p_organization_id));
  v_theirs text;
begin
  select role into v_theirs from public.user_organizations
    where organization_id = p_organization_id and user_id = p_user_id for update;
  if v_mine is null or v_theirs is null then
    return 'not_found';
  end if;
  if not (p_role is null and p_user_id = (select auth.uid())) then
    if v_mine = 'member' or (v_mine <> 'owner' and 'owner' in (v_theirs, coalesce(p_role, v_theirs))) then
      return 'forbidden';
    end if;
  end if;
  begin
    if p_role is null then
      delete from public.user_organizations where organization_id = p_organization_id and user_id = p_user_id;
    else
      update public.user_organizations set role = p_role
        where organization_id = p_organization_id and user_id = p_user_id;
    end if;
  exception when raise_exception then
    -- keep_an_owner: as an outcome, since not every server before Postgres passes an exception's words on.
    return 'last_owner';
  end;
  if p_role is null then
    perform private.note_deed(p_organization_id, 'member.removed', 'user', p_user_id::text, '{}', p_request);
  else
    perform private.note_deed(p_organization_id, 'member.changed', 'user', p_user_id::text, jsonb_build_object('role', p_role), p_request);
  end if;
  return 'changed';
end $$;

-- Invitations ---------------------------------------------------------------------------------------------------------

drop policy "admins invite" on public.invitations;
drop policy "admins withdraw invitations" on public.invitations;
revoke insert (organization_id, email, role, token_hash, invited_by), delete on table public.invitations from authenticated;

create function private.create_invitation(p_organization_id uuid, p_email text, p_role text, p_token_hash text, p_request jsonb)
returns table (id uuid, email text, role text, created_at timestamptz, expires_at timestamptz)
language plpgsql security definer set search_path = '' as $$
declare
  v public.invitations;
begin
  if p_organization_id not in (select private.my_administered_organization_ids()) then
    raise exception 'forbidden' using errcode = 'P0001';
  end if;
  insert into public.invitations (organization_id, email, role, token_hash, invited_by)
    values (p_organization_id, p_email, p_role, p_token_hash, (select auth.uid())) returning * into v;
  perform private.note_deed(p_organization_id, 'invitation.created', 'invitation', v.id::text,
    jsonb_build_object('email', v.email, 'role', v.role), p_request);
  return query select v.id, v.email, v.role, v.created_at, v.expires_at;
end $$;

create function private.withdraw_invitation(p_id uuid, p_organization_id uuid, p_request jsonb) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.invitations where id = p_id and organization_id = p_organization_id
    and organization_id in (select private.my_administered_organization_ids());
  if not found then
    return false;
  end if;
  perform private.note_deed(p_organization_id, 'invitation.withdrawn', 'invitation', p_id::text, '{}', p_request);
  return true;
end $$;

-- The invitation is for one person: the link alone does not admit whoever finds it.
drop function public.accept_invitation(text);
drop function private.accept_invitation(text);
create function private.accept_invitation(p_token_hash text, p_request jsonb) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_user uuid := (select auth.uid());
  v_invitation public.invitations;
begin
  update public.invitations set accepted_at = now()
    where token_hash = p_token_hash and accepted_at is null and expires_at > now()
      and email = (select lower(u.email) from auth.users u where u.id = v_user)
    returning * into v_invitation;
  if v_invitation.id is null then
    return null;
  end if;
  insert into public.user_organizations (user_id, organization_id, role)
    values (v_user, v_invitation.organization_id, v_invitation.role)
    on conflict (user_id, organization_id) do nothing;
  perform private.note_deed(v_invitation.organization_id, 'invitation.accepted', 'invitation', v_invitation.id::text,
    jsonb_build_object('role', v_invitation.role), p_request);
  return v_invitation.organization_id;
end $$;

-- Integrations --------------------------------------------------------------------------------------------------------

-- Null leaves a value as it is. False: no such integration in an organization that the caller administers.
drop function public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb);
drop function private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb);
create function private.change_integration(
  p_id uuid, p_organization_id uuid, p_name text, p_status text, p_scan_schedule text, p_next_check_at timestamptz,
  p_enabled_checks jsonb, p_request jsonb
) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update public.integrations set
    name = coalesce(btrim(p_name), name),
    status = coalesce(p_status, status),
    scan_schedule = coalesce(p_scan_schedule, scan_schedule),
    next_check_at = coalesce(p_next_check_at, next_check_at),
    config = case when p_enabled_checks is null then config
      else jsonb_set(config, '{enabled_checks}', p_enabled_checks) end
  where id = p_id and organization_id = p_organization_id
    and organization_id in (select private.my_administered_organization_ids())
    and coalesce(p_status, 'active') in ('active', 'paused')
    and jsonb_typeof(coalesce(p_enabled_checks, '[]')) = 'array';
  if not found then
    return false;
  end if;
  perform private.note_deed(p_organization_id, 'integration.changed', 'integration', p_id::text, jsonb_strip_nulls(jsonb_build_object(
    'name', btrim(p_name), 'status', p_status, 'scan_schedule', p_scan_schedule, 'enabled_checks', p_enabled_checks)), p_request);
  return true;
end $$;

drop policy "admins choose resources" on public.integration_resources;
revoke update (enabled) on table public.integration_resources from authenticated;

-- False: no such resource in an organization that the caller administers.
create function private.change_resource(p_id uuid, p_integration_id uuid, p_organization_id uuid, p_enabled boolean, p_request jsonb)
returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  v_external_id text;
begin
  update public.integration_resources set enabled = p_enabled
    where id = p_id and integration_id = p_integration_id and organization_id = p_organization_id
      and organization_id in (select private.my_administered_organization_ids())
    returning external_id into v_external_id;
  if v_external_id is null then
    return false;
  end if;
  perform private.note_deed(p_organization_id, 'resource.changed', 'integration', p_integration_id::text,
    jsonb_build_object('resource', v_external_id, 'enabled', p_enabled), p_request);
  return true;
end $$;

-- None: no such integration in an organization that the caller administers. `created` is false when one is open already.
drop function public.request_scan(uuid, uuid);
drop function private.request_scan(uuid, uuid);
create function private.request_scan(p_integration_id uuid, p_organization_id uuid, p_request jsonb)
returns table (assessment_id uuid, created boolean)
language plpgsql security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  if not exists (select 1 from public.integrations i
    where i.id = p_integration_id and i.organization_id = p_organization_id
      and i.organization_id in (select private.my_administered_organization_ids())) then
    return;
  end if;
  insert into public.assessments (organization_id, integration_id, trigger, requested_by)
    values (p_organization_id, p_integration_id, 'manual', (select auth.uid()))
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning id into v_id;
  if v_id is not null then
    perform private.note_deed(p_organization_id, 'scan.requested', 'integration', p_integration_id::text,
      jsonb_build_object('assessment_id', v_id), p_request);
    return query select v_id, true;
    return;
  end if;
  return query select a.id, false from public.assessments a
    where a.integration_id = p_integration_id and a.status in ('queued', 'running');
end $$;

-- Calendars -----------------------------------------------------------------------------------------------------------

drop policy "admins make a calendar" on public.calendar_feeds;
drop policy "admins revoke a calendar" on public.calendar_feeds;
revoke insert (organization_id, created_by, token_hash), delete on table public.calendar_feeds from authenticated;

-- In place of the one before. None: somebody else made one at the same moment.
create function private.make_calendar_feed(p_organization_id uuid, p_token_hash text, p_request jsonb)
returns table (id uuid, created_at timestamptz, last_read_at timestamptz)
language plpgsql security definer set search_path = '' as $$
declare
  v public.calendar_feeds;
begin
  if p_organization_id not in (select private.my_administered_organization_ids()) then
    raise exception 'forbidden' using errcode = 'P0001';
  end if;
  delete from public.calendar_feeds f where f.organization_id = p_organization_id;
  insert into public.calendar_feeds (organization_id, created_by, token_hash) values (p_organization_id, (select auth.uid()), p_token_hash)
    on conflict (organization_id) do nothing returning * into v;
  if v.id is null then
    return;
  end if;
  perform private.note_deed(p_organization_id, 'calendar.created', 'calendar', v.id::text, '{}', p_request);
  return query select v.id, v.created_at, v.last_read_at;
end $$;

-- The id of the one that ended; null: there was none.
create function private.revoke_calendar_feed(p_organization_id uuid, p_request jsonb) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  delete from public.calendar_feeds where organization_id = p_organization_id
    and organization_id in (select private.my_administered_organization_ids()) returning id into v_id;
  if v_id is not null then
    perform private.note_deed(p_organization_id, 'calendar.revoked', 'calendar', v_id::text, '{}', p_request);
  end if;
  return v_id;
end $$;

-- What a client calls -------------------------------------------------------------------------------------------------

create function public.create_organization(p_name text, p_request jsonb default null) returns uuid
language sql set search_path = '' as $$ select private.create_organization(p_name, p_request) $$;

create function public.change_member(p_organization_id uuid, p_user_id uuid, p_role text default null, p_request jsonb default null)
returns text
language sql set search_path = '' as $$ select private.change_member(p_organization_id, p_user_id, p_role, p_request) $$;

create function public.create_invitation(p_organization_id uuid, p_email text, p_role text, p_token_hash text, p_request jsonb default null)
returns table (id uuid, email text, role text, created_at timestamptz, expires_at timestamptz)
language sql set search_path = '' as $$
  select * from private.create_invitation(p_organization_id, p_email, p_role, p_token_hash, p_request)
$$;

create function public.withdraw_invitation(p_id uuid, p_organization_id uuid, p_request jsonb default null) returns boolean
language sql set search_path = '' as $$ select private.withdraw_invitation(p_id, p_organization_id, p_request) $$;

create function public.accept_invitation(p_token_hash text, p_request jsonb default null) returns uuid
language sql set search_path = '' as $$ select private.accept_invitation(p_token_hash, p_request) $$;

create function public.change_integration(
  p_id uuid, p_organization_id uuid, p_name text default null, p_status text default null,
  p_scan_schedule text default null, p_next_check_at timestamptz default null, p_enabled_checks jsonb default null,
  p_request jsonb default null
) returns boolean
language sql set search_path = '' as $$
  select private.change_integration(p_id, p_organization_id, p_name, p_status, p_scan_schedule, p_next_check_at,
    p_enabled_checks, p_request)
$$;

create function public.change_resource(p_id uuid, p_integration_id uuid, p_organization_id uuid, p_enabled boolean, p_request jsonb default null)
returns boolean
language sql set search_path = '' as $$
  select private.change_resource(p_id, p_integration_id, p_organization_id, p_enabled, p_request)
$$;

create function public.request_scan(p_integration_id uuid, p_organization_id uuid, p_request jsonb default null)
returns table (assessment_id uuid, created boolean)
language sql set search_path = '' as $$ select * from private.request_scan(p_integration_id, p_organization_id, p_request) $$;

create function public.make_calendar_feed(p_organization_id uuid, p_token_hash text, p_request jsonb default null)
returns table (id uuid, created_at timestamptz, last_read_at timestamptz)
language sql set search_path = '' as $$ select * from private.make_calendar_feed(p_organization_id, p_token_hash, p_request) $$;

create function public.revoke_calendar_feed(p_organization_id uuid, p_request jsonb default null) returns uuid
language sql set search_path = '' as $$ select private.revoke_calendar_feed(p_organization_id, p_request) $$;

revoke all on function private.create_organization(text, jsonb), public.create_organization(text, jsonb),
  private.change_member(uuid, uuid, text, jsonb), public.change_member(uuid, uuid, text, jsonb),
  private.create_invitation(uuid, text, text, text, jsonb), public.create_invitation(uuid, text, text, text, jsonb),
  private.withdraw_invitation(uuid, uuid, jsonb), public.withdraw_invitation(uuid, uuid, jsonb),
  private.accept_invitation(text, jsonb), public.accept_invitation(text, jsonb),
  private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, jsonb),
  public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, jsonb),
  private.change_resource(uuid, uuid, uuid, boolean, jsonb), public.change_resource(uuid, uuid, uuid, boolean, jsonb),
  private.request_scan(uuid, uuid, jsonb), public.request_scan(uuid, uuid, jsonb),
  private.make_calendar_feed(uuid, text, jsonb), public.make_calendar_feed(uuid, text, jsonb),
  private.revoke_calendar_feed(uuid, jsonb), public.revoke_calendar_feed(uuid, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.create_organization(text, jsonb), public.create_organization(text, jsonb),
  private.change_member(uuid, uuid, text, jsonb), public.change_member(uuid, uuid, text, jsonb),
  private.create_invitation(uuid, text, text, text, jsonb), public.create_invitation(uuid, text, text, text, jsonb),
  private.withdraw_invitation(uuid, uuid, jsonb), public.withdraw_invitation(uuid, uuid, jsonb),
  private.accept_invitation(text, jsonb), public.accept_invitation(text, jsonb),
  private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, jsonb),
  public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, jsonb),
  private.change_resource(uuid, uuid, uuid, boolean, jsonb), public.change_resource(uuid, uuid, uuid, boolean, jsonb),
  private.request_scan(uuid, uuid, jsonb), public.request_scan(uuid, uuid, jsonb),
  private.make_calendar_feed(uuid, text, jsonb), public.make_calendar_feed(uuid, text, jsonb),
  private.revoke_calendar_feed(uuid, jsonb), public.revoke_calendar_feed(uuid, jsonb)
  to authenticated;

-- The scanner (service role) ------------------------------------------------------------------------------------------

-- Results, findings, counts, score and the end of the run: all or nothing, once.
drop function public.complete_assessment(uuid, text, jsonb);
create function public.complete_assessment(p_id uuid, p_owner text, p_results jsonb, p_audit jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
  v_counts jsonb;
  v_pass integer;
  v_fail integer;
begin
  select * into v from public.assessments where id = p_id and lease_owner = p_owner and status = 'running' for update;
  if v.id is null then
    return false;
  end if;

  -- The join drops results of a resource that went away meanwhile.
  insert into public.assessment_results (assessment_id, resource_id, check_id, organization_id, verdict, severity,
      category, summary, evidence, checked_at)
    select p_id, r.resource_id, r.check_id, v.organization_id, r.verdict, r.severity, r.category, r.summary,
      coalesce(r.evidence, '{}'), r.checked_at
    from jsonb_to_recordset(p_results) as r (resource_id uuid, check_id text, verdict text, severity text, category text,
      summary text, evidence jsonb, checked_at timestamptz)
    join public.integration_resources known on known.id = r.resource_id and known.integration_id = v.integration_id;

  insert into public.findings as f (organization_id, integration_id, resource_id, check_id, severity, category, summary,
      evidence, first_seen_at, last_seen_at)
    select v.organization_id, v.integration_id, r.resource_id, r.check_id, r.severity, r.category, r.summary, r.evidence,
      r.checked_at, r.checked_at
    from public.assessment_results r where r.assessment_id = p_id and r.verdict = 'fail'
    on conflict (integration_id, resource_id, check_id) do update set severity = excluded.severity,
      category = excluded.category, summary = excluded.summary, evidence = excluded.evidence, status = 'open',
      first_seen_at = case when f.status = 'resolved' then excluded.first_seen_at else f.first_seen_at end,
      last_seen_at = excluded.last_seen_at, resolved_at = null;

  -- An `error` says nothing about the finding: it stays as it was.
  update public.findings f set status = 'resolved', resolved_at = r.checked_at
    from public.assessment_results r
    where r.assessment_id = p_id and r.verdict in ('pass', 'not_applicable') and f.status = 'open'
      and f.integration_id = v.integration_id and f.resource_id = r.resource_id and f.check_id = r.check_id;

  select count(*) filter (where verdict = 'pass'), count(*) filter (where verdict = 'fail'),
      jsonb_build_object('pass', count(*) filter (where verdict = 'pass'), 'fail', count(*) filter (where verdict = 'fail'),
        'error', count(*) filter (where verdict = 'error'),
        'not_applicable', count(*) filter (where verdict = 'not_applicable'))
    into v_pass, v_fail, v_counts
    from public.assessment_results where assessment_id = p_id;

  update public.assessments set status = 'completed', counts = v_counts, finished_at = now(), lease_owner = null,
      lease_until = null, progress_done = progress_total,
      -- Rounded down: 100 means that nothing failed.
      score = case when v_pass + v_fail > 0 then floor(100.0 * v_pass / (v_pass + v_fail)) end
    where id = p_id;
  update public.integrations set last_checked_at = now() where id = v.integration_id;
  perform private.write_audit(v.organization_id, p_audit);
  return true;
end $$;

drop function public.fail_assessment(uuid, text, jsonb);
create function public.fail_assessment(p_id uuid, p_owner text, p_error jsonb, p_audit jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
begin
  update public.assessments set status = 'failed', error = p_error, finished_at = now(), lease_owner = null,
      lease_until = null
    where id = p_id and lease_owner = p_owner and status = 'running'
    returning * into v;
  if v.id is null then
    return false;
  end if;
  update public.integrations set last_checked_at = now() where id = v.integration_id;
  perform private.write_audit(v.organization_id, p_audit);
  return true;
end $$;

revoke all on function public.complete_assessment(uuid, text, jsonb, jsonb), public.fail_assessment(uuid, text, jsonb, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.complete_assessment(uuid, text, jsonb, jsonb), public.fail_assessment(uuid, text, jsonb, jsonb)
  to service_role;
