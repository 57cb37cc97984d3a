-- How access ends: whose other connections rest on it, with which tokens, and with its audit entry in the same statement.
--
-- With some providers one call ends all access that an account has given the application, whoever connected it. Such a call
-- (an ending) is made only while nothing else rests on that account, in any organization. Whoever begins one, deletes what
-- rests on an account, or adds to it, does so under one lock for each account, so that of two who leave at once the second
-- sees that it is the last, and nobody arrives unseen.

create index integrations_account_idx on public.integrations (integration_type, external_account_id, sandbox);

-- Calls that end all access of an account, under way or past: a grant that was given before the end of one may be dead.
create table public.installation_endings (
  id uuid primary key default gen_random_uuid(),
  integration_type text not null,
  -- Null: an account that could not be read. Then it stands for all of that type.
  external_account_id text,
  sandbox boolean not null,
  -- By the database's clock: when the call was over, or until when it is taken to be under way.
  ended_at timestamptz not null
);
create index installation_endings_account_idx on public.installation_endings (integration_type, external_account_id, ended_at);
create index installation_endings_ended_at_idx on public.installation_endings (ended_at);
alter table public.installation_endings enable row level security;
alter table public.installation_endings force row level security;
revoke all on table public.installation_endings from public, anon, authenticated, service_role;
grant select, insert, update, delete on table public.installation_endings to service_role;

-- Until the transaction ends. It comes before the locks on rows, everywhere. Null: the account is not known.
create function private.lock_account(p_integration_type text, p_account text, p_sandbox boolean) returns void
language plpgsql set search_path = '' as $$
declare
  v_type text := format('account %s %s', p_integration_type, p_sandbox);
begin
  if p_account is null then
    perform pg_advisory_xact_lock(hashtextextended(v_type, 0));
  else
    perform pg_advisory_xact_lock_shared(hashtextextended(v_type, 0));
    perform pg_advisory_xact_lock(hashtextextended(format('%s %s', v_type, p_account), 0));
  end if;
end $$;

-- Whether anything else, of anybody, rests on the account: an integration, or a connection that may still be confirmed.
create function private.others_rest_on(p_integration_type text, p_account text, p_sandbox boolean, p_integration_id uuid, p_connection_id uuid)
returns boolean
language sql stable set search_path = '' as $$
  select exists (select from public.integrations i
      where i.integration_type = p_integration_type and i.sandbox = p_sandbox and (p_account is null or i.external_account_id = p_account)
        and i.id is distinct from p_integration_id)
    or exists (select from public.pending_connections c
      where c.integration_type = p_integration_type and c.sandbox = p_sandbox and (p_account is null or c.external_account_id = p_account)
        and c.id is distinct from p_connection_id and c.closed_at is null and c.expires_at > clock_timestamp())
$$;

-- Whoever is about to end all access of an account, and for what (both null: for a grant of which nothing was stored). Null:
-- something else rests on it, so it stays. Otherwise the ending's id, to be given back within p_seconds.
create function public.begin_ending(
  p_integration_type text, p_sandbox boolean, p_seconds integer, p_account text default null, p_integration_id uuid default null,
  p_connection_id uuid default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
begin
  perform private.lock_account(p_integration_type, p_account, p_sandbox);
  if private.others_rest_on(p_integration_type, p_account, p_sandbox, p_integration_id, p_connection_id) then
    return null;
  end if;
  insert into public.installation_endings (integration_type, external_account_id, sandbox, ended_at)
    values (p_integration_type, p_account, p_sandbox, clock_timestamp() + make_interval(secs => p_seconds)) returning id into v_id;
  return v_id;
end $$;

create function public.finish_ending(p_id uuid) returns void
language sql set search_path = '' as $$
  update public.installation_endings set ended_at = least(ended_at, clock_timestamp()) where id = p_id
$$;

-- A grant that was given after p_since is about to be stored: nothing may have ended it on the way.
create function private.refuse_ended(p_integration_type text, p_account text, p_sandbox boolean, p_since timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  if exists (select from public.installation_endings e
    where e.integration_type = p_integration_type and e.sandbox = p_sandbox and coalesce(e.external_account_id, p_account) = p_account
      and e.ended_at >= p_since) then
    raise exception 'access_ended' using errcode = 'P0001';
  end if;
end $$;

-- Connecting ----------------------------------------------------------------------------------------------------------

-- When a state was used, by the database's clock: whatever grant comes of it is given later. Null for a replay.
drop function public.use_oauth_state(text);
create function public.use_oauth_state(p_state_hash text) returns timestamptz
language sql set search_path = '' as $$
  insert into public.used_oauth_states (state_hash, used_at) values (p_state_hash, clock_timestamp()) on conflict do nothing
    returning used_at
$$;

-- As before, with its audit entry. p_since: the grant was given after that moment.
drop function public.store_pending_connection(uuid, jsonb, jsonb, bigint);
drop function public.store_connection(jsonb, jsonb, bigint);
create function public.store_connection(
  p_integration jsonb, p_resources jsonb, p_audit jsonb, p_since timestamptz, p_version bigint default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  v public.integrations := jsonb_populate_record(null::public.integrations, p_integration);
  v_paused boolean := false;
  v_assessment uuid;
begin
  perform private.lock_account(v.integration_type, v.external_account_id, v.sandbox);
  perform private.refuse_ended(v.integration_type, v.external_account_id, v.sandbox, p_since);
  if p_version is null then
    insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, next_check_at,
        external_account_id, external_account_name, sandbox, refresh_due_at, refresh_slot, last_success_at, connected_by)
      values (v.id, v.organization_id, v.integration_type, v.name, v.config, v.scan_schedule, v.next_check_at,
        v.external_account_id, v.external_account_name, v.sandbox, v.refresh_due_at, coalesce(v.refresh_slot, 'main'), now(),
        v.connected_by)
      on conflict do nothing;
  else
    -- A running refresh loses its claim: its token belongs to the grant that this one replaces.
    update public.integrations set config = config || v.config, last_error = null,
        status = case when status = 'paused' then 'paused' else 'active' end,
        external_account_name = v.external_account_name, refresh_due_at = v.refresh_due_at, last_success_at = now(),
        refresh_slot = coalesce(v.refresh_slot, 'main'), refresh_failures = 0,
        next_check_at = v.next_check_at, connected_by = v.connected_by, version = version + 1,
        refresh_lease_owner = null, refresh_lease_until = null
      where id = v.id and organization_id = v.organization_id and version = p_version
      returning status = 'paused' into v_paused;
  end if;
  if not found then
    return null;
  end if;
  perform public.sync_resources(v.id, v.organization_id, p_resources);
  if v_paused then
    select a.id into v_assessment from public.assessments a where a.integration_id = v.id order by a.created_at desc limit 1;
  end if;
  if v_assessment is null then
    insert into public.assessments (organization_id, integration_id, trigger, requested_by)
      values (v.organization_id, v.id, 'connect', v.connected_by)
      on conflict (integration_id) where status in ('queued', 'running') do nothing
      returning id into v_assessment;
  end if;
  perform private.write_audit(v.organization_id, p_audit);
  return coalesce(v_assessment, (select a.id from public.assessments a
    where a.integration_id = v.id and a.status in ('queued', 'running')));
end $$;

-- Keeps a grant until its person has answered, with its audit entry.
create function public.hold_connection(p_connection jsonb, p_audit jsonb, p_since timestamptz) returns void
language plpgsql set search_path = '' as $$
declare
  v public.pending_connections := jsonb_populate_record(null::public.pending_connections, p_connection);
begin
  perform private.lock_account(v.integration_type, v.external_account_id, v.sandbox);
  perform private.refuse_ended(v.integration_type, v.external_account_id, v.sandbox, p_since);
  insert into public.pending_connections (id, organization_id, user_id, integration_type, sandbox, wanted_integration_id,
      external_account_id, external_account_name, config, resources)
    values (v.id, v.organization_id, v.user_id, v.integration_type, v.sandbox, v.wanted_integration_id,
      v.external_account_id, v.external_account_name, v.config, v.resources);
  perform private.write_audit(v.organization_id, p_audit);
end $$;

-- What opens a waiting connection's tokens, and the audit entry of that use, in one statement: no entry, no credential. Null:
-- there is none.
create function public.take_connection(p_id uuid, p_audit jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v public.pending_connections;
begin
  select * into v from public.pending_connections where id = p_id;
  if v.id is null then
    return null;
  end if;
  perform private.write_audit(v.organization_id, p_audit);
  return jsonb_build_object('config', v.config, 'keys', public.organization_wraps(v.organization_id));
end $$;

-- store_connection for one that waited: stored and no longer waiting, or neither. Two who confirm at once store once.
-- Null: it is answered or expired, or somebody was faster at the integration; read both again.
create function public.store_pending_connection(
  p_pending_id uuid, p_integration jsonb, p_resources jsonb, p_audit jsonb, p_since timestamptz, p_version bigint default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_assessment uuid;
begin
  perform private.lock_account(p_integration ->> 'integration_type', p_integration ->> 'external_account_id', (p_integration ->> 'sandbox')::boolean);
  perform 1 from public.pending_connections
    where id = p_pending_id and closed_at is null and expires_at > clock_timestamp() for update;
  if not found then
    return null;
  end if;
  v_assessment := public.store_connection(p_integration, p_resources, p_audit, p_since, p_version);
  if v_assessment is not null then
    delete from public.pending_connections where id = p_pending_id;
  end if;
  return v_assessment;
end $$;

-- Somebody does not want it: from now on nobody can confirm it, and its grant is to be ended. False: it is not theirs, or
-- answered already.
create function public.close_connection(p_id uuid, p_organization_id uuid, p_user_id uuid, p_audit jsonb) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.pending_connections set closed_at = clock_timestamp()
    where id = p_id and organization_id = p_organization_id and user_id = p_user_id and closed_at is null;
  if not found then
    return false;
  end if;
  perform private.write_audit(p_organization_id, p_audit);
  return true;
end $$;

-- Deletes one whose grant was dealt with, with its audit entry and, where one is given, a receipt. p_left: its grant was left,
-- since something else rested on the account. ended; last: nothing else does any more, so the grant has to be ended after all;
-- gone: somebody else was faster.
create function public.end_connection(p_id uuid, p_left boolean, p_audit jsonb, p_receipt jsonb default null) returns text
language plpgsql set search_path = '' as $$
declare
  v public.pending_connections;
  v_receipt uuid := gen_random_uuid();
begin
  select * into v from public.pending_connections where id = p_id;
  if v.id is null then
    return 'gone';
  end if;
  perform private.lock_account(v.integration_type, v.external_account_id, v.sandbox);
  if p_left and not private.others_rest_on(v.integration_type, v.external_account_id, v.sandbox, null, v.id) then
    return 'last';
  end if;
  delete from public.pending_connections where id = p_id;
  if not found then
    return 'gone';
  end if;
  if p_receipt is not null then
    insert into public.disconnect_receipts (id, organization_id, integration_id, integration_type, name, payload)
      values (v_receipt, v.organization_id, v.id, v.integration_type, v.external_account_name,
        p_receipt || jsonb_build_object('id', v_receipt, 'deleted', private.deleted_with(v.config)));
  end if;
  perform private.write_audit(v.organization_id, p_audit);
  return 'ended';
end $$;

-- What a receipt says was deleted, before the rows that hang on it are counted.
create function private.deleted_with(p_config jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('resources', 0, 'assessments', 0, 'results', 0, 'findings', 0,
    'credentials', (select count(*) from jsonb_each_text(p_config) c
      where c.value ~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$'),
    'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
$$;

-- Removing ------------------------------------------------------------------------------------------------------------

-- Takes the refresh lease for whoever removes an integration and administers its organization, so that no refresh begins
-- meanwhile and none is under way: what is revoked then is the newest pair. taken (again, too, by the same owner), with the
-- row's version; busy: a refresh, or another removal, is at it; none: no such integration, or the actor may not.
create function public.begin_removal(p_id uuid, p_organization_id uuid, p_actor uuid, p_owner text, p_seconds integer)
returns table (outcome text, version bigint)
language plpgsql set search_path = '' as $$
begin
  if not exists (select 1 from public.user_organizations m
    where m.user_id = p_actor and m.organization_id = p_organization_id and m.role in ('owner', 'admin')) then
    return;
  end if;
  return query update public.integrations i set refresh_lease_owner = p_owner,
      refresh_lease_until = clock_timestamp() + make_interval(secs => p_seconds)
    where i.id = p_id and i.organization_id = p_organization_id
      and (i.refresh_lease_owner = p_owner or i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
    returning 'taken', i.version;
  if not found then
    return query select 'busy', i.version from public.integrations i where i.id = p_id and i.organization_id = p_organization_id;
  end if;
end $$;

-- A removal that did not come to its end.
create function public.release_removal(p_id uuid, p_owner text) returns void
language sql set search_path = '' as $$
  update public.integrations set refresh_lease_owner = null, refresh_lease_until = null
    where id = p_id and refresh_lease_owner = p_owner
$$;

-- Deletes an integration and all that hangs on it, for somebody who administers its organization, and leaves the receipt
-- with what was deleted and when, and the audit entry. Of the version whose tokens were dealt with (p_version), which were left
-- at the provider if something else rested on the account (p_left). removed; changed: it has other tokens by now; last: nothing
-- else rests on the account any more, so they have to be ended after all. No row: there is no such integration there, or the
-- actor may not.
drop function public.remove_integration(uuid, uuid, uuid, jsonb);
create function public.remove_integration(
  p_id uuid, p_organization_id uuid, p_actor uuid, p_version bigint, p_left boolean, p_receipt jsonb, p_audit jsonb
) returns table (outcome text, receipt_id uuid, payload jsonb)
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
  v_receipt uuid := gen_random_uuid();
  v_payload jsonb;
begin
  if not exists (select 1 from public.user_organizations m
    where m.user_id = p_actor and m.organization_id = p_organization_id and m.role in ('owner', 'admin')) then
    return;
  end if;
  -- Whose it is at the provider never changes.
  select * into v from public.integrations i where i.id = p_id and i.organization_id = p_organization_id;
  if v.id is null then
    return;
  end if;
  perform private.lock_account(v.integration_type, v.external_account_id, v.sandbox);
  -- In the order in which a scan that ends takes them; nothing is added to what is counted from here on.
  perform 1 from public.assessments a
    where a.integration_id = p_id and a.organization_id = p_organization_id order by a.id for update;
  select * into v from public.integrations i where i.id = p_id and i.organization_id = p_organization_id for update;
  if v.id is null then
    return;
  end if;
  if v.version <> p_version then
    return query select 'changed', null::uuid, null::jsonb;
    return;
  end if;
  if p_left and not private.others_rest_on(v.integration_type, v.external_account_id, v.sandbox, v.id, null) then
    return query select 'last', null::uuid, null::jsonb;
    return;
  end if;
  v_payload := p_receipt || jsonb_build_object('id', v_receipt, 'deleted', private.deleted_with(v.config) || jsonb_build_object(
    'resources', (select count(*) from public.integration_resources r where r.integration_id = v.id),
    'assessments', (select count(*) from public.assessments a where a.integration_id = v.id),
    'results', (select count(*) from public.assessment_results r
      join public.assessments a on a.id = r.assessment_id where a.integration_id = v.id),
    'findings', (select count(*) from public.findings f where f.integration_id = v.id)));
  delete from public.integrations i where i.id = v.id;
  insert into public.disconnect_receipts (id, organization_id, integration_id, integration_type, name, payload)
    values (v_receipt, v.organization_id, v.id, v.integration_type, v.name, v_payload);
  perform private.write_audit(v.organization_id,
    p_audit || jsonb_build_object('detail', p_audit -> 'detail' || jsonb_build_object('receipt', v_receipt)));
  return query select 'removed', v_receipt, v_payload;
end $$;

-- Deletes an organization on which no grant hangs any more, with all that hangs on it and its audit entry, for one of its
-- owners: `deleted`, `not_found` (or not an owner's), or `has_grants`: integrations, or connections that wait, whose grants have
-- to be ended first.
drop function public.delete_organization(uuid, uuid);
create function public.delete_organization(p_id uuid, p_actor uuid, p_audit jsonb) returns text
language plpgsql set search_path = '' as $$
begin
  -- Whoever connects a service meanwhile waits for this lock.
  perform 1 from public.organizations o where o.id = p_id for update;
  if not exists (select 1 from public.user_organizations m
    where m.user_id = p_actor and m.organization_id = p_id and m.role = 'owner') then
    return 'not_found';
  end if;
  if exists (select 1 from public.integrations i where i.organization_id = p_id)
    or exists (select 1 from public.pending_connections c where c.organization_id = p_id) then
    return 'has_grants';
  end if;
  delete from public.organizations o where o.id = p_id;
  perform private.write_audit(p_id, p_audit);
  return 'deleted';
end $$;

revoke all on function private.lock_account(text, text, boolean), private.others_rest_on(text, text, boolean, uuid, uuid),
  private.refuse_ended(text, text, boolean, timestamptz), private.deleted_with(jsonb),
  public.begin_ending(text, boolean, integer, text, uuid, uuid), public.finish_ending(uuid), public.use_oauth_state(text),
  public.store_connection(jsonb, jsonb, jsonb, timestamptz, bigint), public.hold_connection(jsonb, jsonb, timestamptz),
  public.take_connection(uuid, jsonb), public.store_pending_connection(uuid, jsonb, jsonb, jsonb, timestamptz, bigint),
  public.close_connection(uuid, uuid, uuid, jsonb), public.end_connection(uuid, boolean, jsonb, jsonb),
  public.begin_removal(uuid, uuid, uuid, text, integer), public.release_removal(uuid, text),
  public.remove_integration(uuid, uuid, uuid, bigint, boolean, jsonb, jsonb), public.delete_organization(uuid, uuid, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.lock_account(text, text, boolean), private.others_rest_on(text, text, boolean, uuid, uuid),
  private.refuse_ended(text, text, boolean, timestamptz), private.deleted_with(jsonb),
  public.begin_ending(text, boolean, integer, text, uuid, uuid), public.finish_ending(uuid), public.use_oauth_state(text),
  public.store_connection(jsonb, jsonb, jsonb, timestamptz, bigint), public.hold_connection(jsonb, jsonb, timestamptz),
  public.take_connection(uuid, jsonb), public.store_pending_connection(uuid, jsonb, jsonb, jsonb, timestamptz, bigint),
  public.close_connection(uuid, uuid, uuid, jsonb), public.end_connection(uuid, boolean, jsonb, jsonb),
  public.begin_removal(uuid, uuid, uuid, text, integer), public.release_removal(uuid, text),
  public.remove_integration(uuid, uuid, uuid, bigint, boolean, jsonb, jsonb), public.delete_organization(uuid, uuid, jsonb)
  to service_role;
