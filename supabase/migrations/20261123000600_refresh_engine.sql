-- The refresh engine: a lease with an owner, a journal of what was sent, and one statement for each step, so that a process
-- that dies at any moment leaves either nothing or a row that says how far it came.
--
-- A refresh is begun (lease taken, journal row written: the store can be written), redeemed at the provider, and finished: the
-- encrypted answer replaces the old credentials in the moment in which it arrives, by compare-and-swap on `version`. A journal
-- row that is still `sent` when the next refresher comes is `uncertain`: its answer was lost, and its refresh token may be spent.

alter table public.integrations
  -- Which of the grant's tokens is due next: a grant may hold several, each with a chain of its own.
  add column refresh_slot text not null default 'main' check (refresh_slot ~ '^[a-z][a-z0-9_]{0,31}$'),
  -- Since the last success: how long to wait, and who lets others go first.
  add column refresh_failures integer not null default 0 check (refresh_failures >= 0);
create index integrations_refresh_due_idx on public.integrations (integration_type, (refresh_failures > 0), refresh_due_at);

create table public.refresh_journal (
  id uuid primary key default gen_random_uuid(),
  integration_id uuid not null,
  organization_id uuid not null,
  slot text not null,
  -- The row's version whose refresh token was sent.
  version bigint not null,
  owner text not null,
  -- sent: no result yet. uncertain: its process ended without one. superseded: a reconnect had replaced the grant.
  state text not null default 'sent' check (state in ('sent', 'stored', 'failed', 'uncertain', 'superseded')),
  -- {class, code}: no provider text, no secret.
  failure jsonb,
  -- Failed in a way in which the provider may have taken the refresh token all the same.
  maybe_spent boolean not null default false,
  sent_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  foreign key (integration_id, organization_id) references public.integrations (id, organization_id) on delete cascade
);
create index refresh_journal_integration_id_idx on public.refresh_journal (integration_id, slot, version);
create index refresh_journal_organization_id_idx on public.refresh_journal (organization_id);
create index refresh_journal_ended_at_idx on public.refresh_journal (ended_at);

alter table public.refresh_journal enable row level security;
alter table public.refresh_journal force row level security;
revoke all on table public.refresh_journal from public, anon, authenticated, service_role;
grant select on table public.refresh_journal to authenticated;
grant select, insert, update, delete on table public.refresh_journal to service_role;
create policy "members read the journal of refreshes" on public.refresh_journal for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));

-- What a person may see of `config`, and whether it can be renewed at all.
create or replace function private.integration_before_write() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.config_metadata := (
    select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(new.config)
    where key in ('project_id', 'project_name', 'expires_at', 'refresh_expires_at', 'scopes_requested', 'scopes_granted',
      'enabled_checks')) || jsonb_build_object('renewable', new.config ->> 'refresh_token' is not null);
  new.updated_at := now();
  return new;
end $$;

-- Every token of every slot, whoever writes: a clear one must not get in.
create function private.tokens_are_encrypted(p_config jsonb) returns boolean
language sql immutable set search_path = '' as $$
  select not exists (select 1 from jsonb_each_text(p_config) f
    where f.key ~ '_(access|refresh)_token$' and f.value is not null
      and f.value !~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$')
$$;
revoke all on function private.tokens_are_encrypted(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.tokens_are_encrypted(jsonb) to authenticated, service_role;
alter table public.integrations add constraint other_tokens_are_encrypted check (private.tokens_are_encrypted(config));

-- The row as the credential room reads it, with the wrapped keys that open it.
create function private.credential_row(v public.integrations) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('id', v.id, 'organization_id', v.organization_id, 'integration_type', v.integration_type,
    'config', v.config, 'version', v.version, 'status', v.status, 'sandbox', v.sandbox, 'last_error', v.last_error,
    'refresh_failures', v.refresh_failures, 'refresh_slot', v.refresh_slot, 'keys', public.organization_wraps(v.organization_id))
$$;

create function private.write_audit(p_organization_id uuid, p_entry jsonb) returns void
language sql set search_path = '' as $$
  insert into public.audit_log (organization_id, actor_type, actor_id, actor_email, action, target_type, target_id, detail, ip,
      user_agent, request_id)
    select p_organization_id, e.actor_type, e.actor_id, e.actor_email, e.action, e.target_type, e.target_id,
      coalesce(e.detail, '{}'), e.ip, e.user_agent, e.request_id
    from jsonb_to_record(p_entry) as e (actor_type text, actor_id uuid, actor_email text, action text, target_type text,
      target_id text, detail jsonb, ip text, user_agent text, request_id text)
$$;

-- The row, and the audit entry of its use, in one statement: no entry, no credential. `audited` is false when the main token
-- ends before `p_fresh_until`: it has to be renewed first, and nothing was noted yet. Null: no such integration.
create function public.take_credential(p_id uuid, p_audit jsonb default null, p_fresh_until timestamptz default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
  v_fresh boolean;
begin
  select * into v from public.integrations where id = p_id;
  if v.id is null then
    return null;
  end if;
  v_fresh := p_fresh_until is null or v.config ->> 'expires_at' is null or (v.config ->> 'expires_at')::timestamptz >= p_fresh_until;
  if v_fresh and p_audit is not null then
    perform private.write_audit(v.organization_id, p_audit);
  end if;
  return private.credential_row(v) || jsonb_build_object('audited', v_fresh and p_audit is not null);
end $$;

-- The row's lease is the caller's: what became of earlier attempts with this refresh token, and a journal row for the next
-- one. No journal row: there is nothing to redeem, or two attempts are uncertain already, or the key is used up.
create function private.journal_refresh(v public.integrations, p_owner text, p_slot text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_uncertain integer;
  v_maybe_spent boolean;
  v_journal uuid;
  v_reserved boolean;
begin
  update public.refresh_journal set state = 'uncertain', maybe_spent = true, ended_at = clock_timestamp()
    where integration_id = v.id and slot = p_slot and version = v.version and state = 'sent';
  select count(*) filter (where j.state = 'uncertain'), coalesce(bool_or(j.maybe_spent), false) into v_uncertain, v_maybe_spent
    from public.refresh_journal j where j.integration_id = v.id and j.slot = p_slot and j.version = v.version;
  update public.organization_keys k
    set encryptions = k.encryptions + (select count(*) + 1 from jsonb_object_keys(v.config) f where f ~ '_token$')
    where k.organization_id = v.organization_id and k.retired_at is null and k.encryptions < 4294967296 - 100;
  v_reserved := found;
  if v_uncertain < 2 and v_reserved
    and v.config ->> (case when p_slot = 'main' then '' else p_slot || '_' end || 'refresh_token') is not null then
    insert into public.refresh_journal (integration_id, organization_id, slot, version, owner)
      values (v.id, v.organization_id, p_slot, v.version, p_owner) returning id into v_journal;
  end if;
  return jsonb_build_object('outcome', 'mine', 'row', private.credential_row(v), 'journal_id', v_journal,
    'uncertain', v_uncertain, 'maybe_spent', v_maybe_spent, 'reserved', v_reserved);
end $$;

-- To refresh one integration's slot, whose row was seen at `p_seen_version` with its last failure at `p_seen_failed_at`.
-- mine: nobody else may for p_seconds. newer, failed: somebody else was done meanwhile. busy: somebody else is at it. Null: gone.
create function public.begin_refresh(
  p_id uuid, p_owner text, p_seconds integer, p_slot text, p_seen_version bigint, p_seen_failed_at text
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
begin
  -- Due from now on: if this process dies, the task comes back to it.
  update public.integrations i set refresh_lease_owner = p_owner, refresh_slot = p_slot,
      refresh_lease_until = clock_timestamp() + make_interval(secs => p_seconds),
      refresh_due_at = least(i.refresh_due_at, clock_timestamp())
    where i.id = p_id and i.version = p_seen_version
      and (i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
      and (i.last_error is null or i.last_error ->> 'at' is not distinct from p_seen_failed_at)
    returning * into v;
  if v.id is not null then
    return private.journal_refresh(v, p_owner, p_slot);
  end if;
  select * into v from public.integrations where id = p_id;
  if v.id is null then
    return null;
  end if;
  return jsonb_build_object('row', private.credential_row(v), 'outcome', case
    when v.version <> p_seen_version then 'newer'
    when v.last_error is not null and v.last_error ->> 'at' is distinct from p_seen_failed_at then 'failed'
    else 'busy' end);
end $$;

-- Takes what is due, for the caller: of each type the longest due first, those that failed lately after those that did not,
-- and types in turn, so that one provider's trouble leaves room for the others.
create function public.lease_due_refreshes(p_owner text, p_limit integer, p_seconds integer, p_types text[], p_now timestamptz)
returns setof jsonb
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
  v public.integrations;
begin
  for v_id in
    select c.id from unnest(p_types) as t (type) cross join (values (false), (true)) as f (failing)
    cross join lateral (
      select d.id, d.refresh_due_at, row_number() over (order by d.refresh_due_at) as turn from (
        select i.id, i.refresh_due_at from public.integrations i
        where i.integration_type = t.type and (i.refresh_failures > 0) = f.failing and i.refresh_due_at <= p_now
          and (i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
        order by i.refresh_due_at limit p_limit) d) c
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

-- The answer, encrypted for version p_version + 1, in place of the old credentials. stored; superseded: the row is a newer
-- grant's, or gone; key_gone: encrypted with a key that the organization has no more. Asked twice, it says the same.
create function public.finish_refresh(
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
      refresh_slot = p_refresh_slot, refresh_failures = 0, last_success_at = now(), last_error = null,
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

-- A refresh that brought nothing: the lease goes back; only a dead grant (p_dead) ends the connection. False: the row is
-- another version's or another holder's by now, and stays as it is.
create function public.fail_refresh(
  p_id uuid, p_owner text, p_journal_id uuid, p_version bigint, p_error jsonb, p_dead boolean, p_maybe_spent boolean,
  p_refresh_due_at timestamptz, p_audit jsonb
) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_organization uuid;
begin
  update public.refresh_journal set state = 'failed', failure = p_error - 'message' - 'at', maybe_spent = p_maybe_spent,
      ended_at = clock_timestamp()
    where id = p_journal_id and state = 'sent';
  update public.integrations i set last_error = p_error, refresh_due_at = p_refresh_due_at,
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

-- Nothing was sent: the journal row goes, and the lease back.
create function public.release_refresh(p_id uuid, p_owner text, p_journal_id uuid, p_refresh_due_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  delete from public.refresh_journal where id = p_journal_id and state = 'sent';
  update public.integrations i set refresh_lease_owner = null, refresh_lease_until = null,
      refresh_due_at = coalesce(p_refresh_due_at, i.refresh_due_at)
    where i.id = p_id and i.refresh_lease_owner = p_owner;
end $$;

-- What a probe of a token that never expires brought. p_error null: what stands there stays.
create function public.note_probe(p_id uuid, p_version bigint, p_error jsonb, p_failed boolean, p_refresh_due_at timestamptz) returns void
language sql set search_path = '' as $$
  update public.integrations i set refresh_due_at = p_refresh_due_at,
      last_error = coalesce(p_error, i.last_error),
      refresh_failures = case when p_failed then i.refresh_failures + 1 else 0 end
    where i.id = p_id and i.version = p_version
$$;

-- As before, and the slot that is due first.
create or replace function public.store_connection(p_integration jsonb, p_resources jsonb, p_version bigint default null)
returns uuid
language plpgsql set search_path = '' as $$
declare
  v public.integrations := jsonb_populate_record(null::public.integrations, p_integration);
  v_paused boolean := false;
  v_assessment uuid;
begin
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
    if v_assessment is not null then
      return v_assessment;
    end if;
  end if;
  insert into public.assessments (organization_id, integration_id, trigger, requested_by)
    values (v.organization_id, v.id, 'connect', v.connected_by)
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning id into v_assessment;
  return coalesce(v_assessment, (select a.id from public.assessments a
    where a.integration_id = v.id and a.status in ('queued', 'running')));
end $$;

drop function public.take_refresh_lease(uuid, text, integer);
drop function public.store_refreshed_credentials(uuid, text, bigint, jsonb, timestamptz);
drop function public.store_refresh_failure(uuid, text, bigint, jsonb, boolean, timestamptz);

revoke all on function private.credential_row(public.integrations), private.write_audit(uuid, jsonb),
  private.journal_refresh(public.integrations, text, text), public.take_credential(uuid, jsonb, timestamptz),
  public.begin_refresh(uuid, text, integer, text, bigint, text),
  public.lease_due_refreshes(text, integer, integer, text[], timestamptz),
  public.finish_refresh(uuid, text, uuid, bigint, jsonb, timestamptz, text, jsonb),
  public.fail_refresh(uuid, text, uuid, bigint, jsonb, boolean, boolean, timestamptz, jsonb),
  public.release_refresh(uuid, text, uuid, timestamptz), public.note_probe(uuid, bigint, jsonb, boolean, timestamptz)
  from public, anon, authenticated, service_role;
grant execute on function private.credential_row(public.integrations), private.write_audit(uuid, jsonb),
  private.journal_refresh(public.integrations, text, text), public.take_credential(uuid, jsonb, timestamptz),
  public.begin_refresh(uuid, text, integer, text, bigint, text),
  public.lease_due_refreshes(text, integer, integer, text[], timestamptz),
  public.finish_refresh(uuid, text, uuid, bigint, jsonb, timestamptz, text, jsonb),
  public.fail_refresh(uuid, text, uuid, bigint, jsonb, boolean, boolean, timestamptz, jsonb),
  public.release_refresh(uuid, text, uuid, timestamptz), public.note_probe(uuid, bigint, jsonb, boolean, timestamptz)
  to service_role;
